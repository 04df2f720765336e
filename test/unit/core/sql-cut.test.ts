import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizedChecksum, normalizedSqlChecksum } from '../../../src/core/checksum.ts';
import { cutSql } from '../../../src/core/text/sql-cut.ts';
import { withVariables } from '../../../src/core/variables.ts';
import { analyse, cutPieces, inputMayNeedParser } from '../../../src/drivers/postgres/sql/index.ts';
import { readStatements, StatementScan } from '../../../src/drivers/postgres/sql/split.ts';
import { parseSqlFile, type SqlFile } from '../../../src/formats/sql-sections.ts';
import type { SqlParts } from '../../../src/ports/sql-part.ts';

const PIECES = [
  'select 1;',
  "insert into t values ('it''s; here', E'a\\';b');",
  '"a;b" ; ;',
  'select $$ a; b $$, $x$ $$; $x$;',
  'create function f() returns int begin atomic select 1; select case when true then 2 end; end;',
  'create rule r as on insert to t do (select 1; select 2);',
  '/* a ; /* nested ; */ b */',
  '-- a comment; of one line\n',
  '-- godwit: variables\n',
  '-- description: of the file\n',
  'copy t from stdin;\n1\ta;b\n2\t\\.x\n\\.\n',
  'copy t (a) from stdin;\r\n1\r\n\\.\r\n',
  'copy t from stdin;\n\\.\n',
  'copy t from stdin; -- rows\né€😀\t$$\n\\.\nselect 2;',
  "set standard_conforming_strings = off; select 'a\\';b'; set standard_conforming_strings to on;",
  'create index concurrently i on t (a);',
  'begin;',
  'commit;',
  "alter type mood add value 'glad';",
  "insert into m values ('glad');",
  'select ${name}, \'${name};\', "${name}";',
  'call p();',
  '\n',
  '\r\n',
  '  ',
  "select 'é😀'",
  'select 4',
  '\\restrict abc\n',
];

const texts = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 12 })
  .map((pieces) => pieces.join(''));

/** Chunks of these lengths, as a file would be read, never in the middle of a character. */
function partsOf(text: string, size: number, least: number): SqlParts {
  return () => cutSql(chunksOf(text, size), least);
}

function* chunksOf(text: string, size: number): Generator<string> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + size);
    const code = text.charCodeAt(end - 1);
    if (end < text.length && code >= 0xd800 && code < 0xdc00) end++;
    yield text.slice(at, end);
    at = end;
  }
}

const cases = fc.tuple(texts, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 60 }));

function outcome<T>(work: () => T): unknown {
  try {
    return work();
  } catch (error) {
    return { message: (error as Error).message, where: (error as { where?: object }).where };
  }
}

describe('SQL cut into parts', () => {
  it('is the text, and each part knows where it begins', () => {
    fc.assert(
      fc.property(cases, ([text, size, least]) => {
        let at = 0;
        for (const part of cutSql(chunksOf(text, size), least)) {
          expect(part.text).not.toBe('');
          expect(part.offset).toBe(at);
          const before = text.slice(0, at);
          expect(part.line).toBe(before.split('\n').length);
          expect(part.column).toBe(at - before.lastIndexOf('\n'));
          at += part.text.length;
          expect(text.slice(part.offset, at)).toBe(part.text);
        }
        expect(at).toBe(text.length);
      }),
    );
  });

  it('has the same statements, at the same places', () => {
    fc.assert(
      fc.property(cases, ([text, size, least]) => {
        const whole = outcome(() =>
          readStatements(text, { file: 'a.sql' }).statements.map(({ end: _, ...each }) => each),
        );
        const found = outcome(() => {
          const scan = new StatementScan(partsOf(text, size, least), { file: 'a.sql' });
          return [...read(scan.statements())];
        });
        expect(found).toEqual(whole);
      }),
    );
  });

  function* read(statements: Iterable<ReturnType<typeof readStatements>['statements'][number]>) {
    for (const { end: _, copyParts, ...each } of statements) {
      yield copyParts ? { ...each, copyData: [...copyParts].join('') } : each;
    }
  }

  it('gives all statements also to who leaves data unread', () => {
    fc.assert(
      fc.property(cases, ([text, size, least]) => {
        const whole = outcome(() => readStatements(text, {}).statements.map((each) => each.text));
        const scan = new StatementScan(partsOf(text, size, least), {});
        const found = outcome(() => {
          const statements: string[] = [];
          for (const { text, copyParts } of scan.statements()) {
            statements.push(text);
            for (const _ of copyParts ?? []) break;
          }
          return statements;
        });
        expect(found).toEqual(whole);
      }),
    );
  });

  it('has the same normalized checksum', () => {
    fc.assert(
      fc.property(cases, ([text, size, least]) => {
        expect(normalizedSqlChecksum(partsOf(text, size, least))).toBe(
          normalizedChecksum(text, 'sql'),
        );
      }),
    );
  });

  it('has the same sections, directives and fields', () => {
    const marked = fc
      .array(
        fc.oneof(
          fc.constantFrom(...PIECES),
          fc.constantFrom('\n-- godwit:up\n', '\n-- godwit:down\n', '-- godwit:verify\r\n'),
        ),
        { maxLength: 12 },
      )
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(marked, fc.integer({ min: 1, max: 40 }), (text, size) => {
        const plain = (file: ReturnType<typeof parseSqlFile>) =>
          'error' in file ? file : shown(file);
        const long = {
          parts: (from?: number, to?: number) => cutSql(chunksOf(text.slice(from, to), size)),
          text: (from?: number, to?: number) => text.slice(from, to),
        };
        expect(plain(parseSqlFile(long))).toEqual(plain(parseSqlFile(text)));
      }),
    );
  });

  function shown({ whole, sections, ...fields }: SqlFile) {
    return {
      whole: whole && { ...whole, parts: undefined },
      up: sections.up,
      down: sections.down,
      verify: sections.verify,
      ...fields,
    };
  }

  it('is analysed as it is when it is whole', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([text, size, least]) => {
        const parts = partsOf(text, size, least);
        for (const options of [{}, { unwrap: true }, { grouping: 'all' as const }]) {
          const [whole, cut] = await Promise.all([
            analyse(text, options).catch((error: Error) => error.message),
            analyse(parts, options).catch((error: Error) => error.message),
          ]);
          if (typeof whole === 'string' || typeof cut === 'string') {
            expect(cut).toBe(whole);
            continue;
          }
          expect(cut.mode).toBe(whole.mode);
          expect(cut.reasons).toEqual(whole.reasons);
          expect(cut.statements.length).toBe(whole.statements.length);
          expect([...described(cut.statements)]).toEqual([...described(whole.statements)]);
        }
      }),
      { numRuns: 50 },
    );
  });

  function* described<T extends { copyData?: string; copyParts?: Iterable<string> }>(
    statements: Iterable<T>,
  ) {
    for (const { copyParts, ...each } of statements) {
      yield copyParts ? { ...each, copyData: [...copyParts].join('') } : each;
    }
  }

  it('is suspected at least of what it is suspected of as a whole', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([text, size, least]) => {
        const whole = await inputMayNeedParser(text);
        const cut = await inputMayNeedParser(partsOf(text, size, least));
        // More in a part with a COPY, or where the words of another would clear it.
        expect(cut || !whole).toBe(true);
      }),
    );
  });

  it('is sent with all of its statements, each on its line', () => {
    const placed = (text: string, line = 1) =>
      readStatements(text, { line }).statements.map((each) => [each.text, each.line]);
    fc.assert(
      fc.property(cases, ([text, size, least]) => {
        // Behind it a piece is not to be read by itself.
        fc.pre(!text.includes('conforming'));
        const sent = outcome(() =>
          [...cutPieces(partsOf(text, size, least))].flatMap((piece) =>
            placed(piece.text, piece.line),
          ),
        );
        expect(sent).toEqual(outcome(() => placed(text)));
      }),
    );
  });

  it('has its variables replaced, also in rows, and by what is more than a statement', () => {
    const text = "select ${a}; select '${a}'; copy t from stdin;\n${a}\n\\.\nselect \\${a};";
    const rest = { file: 'a.sql', line: 1, transaction: 'auto', variables: true } as const;
    const whole = withVariables({ text, ...rest }, { a: '1; select 2' });
    const long = withVariables({ text, ...rest, parts: partsOf(text, 3, 5) }, { a: '1; select 2' });
    expect(long.text).toBe(whole.text);
    const scan = new StatementScan(long.parts as SqlParts, {});
    expect([...read(scan.statements())]).toEqual(
      readStatements(whole.text, {}).statements.map(({ end: _, ...each }) => each),
    );
    const missing = { text, ...rest, parts: partsOf(`select 1;\nselect 2; select \${b}`, 3, 5) };
    expect(() => withVariables(missing, {}).text).toThrow('a.sql:2');
  });
});
