import fc from 'fast-check';
import { parse } from 'libpg-query';
import { describe, expect, it } from 'vitest';
import { splitStatements } from '../../../../../src/drivers/postgres/sql/index.ts';
import { GodwitError } from '../../../../../src/errors.ts';
import { rounds } from '../../../../support/rounds.ts';

const texts = (sql: string) => splitStatements(sql).map((statement) => statement.text);

describe('splitStatements', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  ;; ; \n', []],
    ['-- only\n/* comments; */', []],
    ['select 1', ['select 1']],
    ['select 1;select 2', ['select 1', 'select 2']],
    [
      "select ';', \";\", $$;$$, $a$;$$;$a$, E'\\';' -- ;\n/* ; /* ; */ ; */;select 2",
      ["select ';', \";\", $$;$$, $a$;$$;$a$, E'\\';'", 'select 2'],
    ],
    ["select 'a\\';select 'b'", ["select 'a\\'", "select 'b'"]],
    [
      "set standard_conforming_strings to 'off'; select 'a\\';b'; set standard_conforming_strings = on; select 'a\\'; select 1",
      [
        "set standard_conforming_strings to 'off'",
        "select 'a\\';b'",
        'set standard_conforming_strings = on',
        "select 'a\\'",
        'select 1',
      ],
    ],
    ["select E'a' -- c\n 'b\\';c'; select 1", ["select E'a' -- c\n 'b\\';c'", 'select 1']],
    ["select E'a' /* \n */; select 'b\\'; select 1", ["select E'a'", "select 'b\\'", 'select 1']],
    [
      "select U&'\\0041'';', U&\";\"; select n';', x'1', b'1'",
      ["select U&'\\0041'';', U&\";\"", "select n';', x'1', b'1'"],
    ],
    ['select a$b$c; select $1; select 1', ['select a$b$c', 'select $1', 'select 1']],
    [
      'create function f() returns int begin atomic select 1; select case when a then 2 end as end; end; select 2',
      [
        'create function f() returns int begin atomic select 1; select case when a then 2 end as end; end',
        'select 2',
      ],
    ],
    [
      'create or replace procedure p() begin atomic insert into a values (1);; end;select 2',
      ['create or replace procedure p() begin atomic insert into a values (1);; end', 'select 2'],
    ],
    ['begin; select 1; end; select 2', ['begin', 'select 1', 'end', 'select 2']],
    [
      'create rule r as on insert to a do (select 1; select 2); select 3',
      ['create rule r as on insert to a do (select 1; select 2)', 'select 3'],
    ],
    ["select 'unclosed; select 2", ["select 'unclosed; select 2"]],
    ['select $$unclosed; select 2', ['select $$unclosed; select 2']],
    ['\ufeffselect 1;\r\nselect 2;\r\n', ['select 1', 'select 2']],
    ['\\restrict x1\nselect 1;\n\\unrestrict x1\n', ['select 1']],
  ])('%j', (sql, expected) => {
    expect(texts(sql)).toEqual(expected);
  });

  it('says where each statement begins', () => {
    expect(
      splitStatements('\ufeff-- é\r\n  select 1;\r\n\r\n/* 😀 */ select 2', { line: 5 }),
    ).toEqual([
      { text: 'select 1', offset: 9, line: 6, column: 3 },
      { text: 'select 2', offset: 31, line: 8, column: 10 },
    ]);
  });

  it.each([
    ['copy t from stdin;\na;\n\\.\nselect 1', 'a;\n'],
    ['COPY t (a, "b") FROM STDIN WITH (format csv); -- c\r\n\'\r\n\\.\r\nselect 1', "'\r\n"],
    ['copy t from stdin;\n\\.\nselect 1', ''],
    ['copy t from stdin;\na\\.\n\\.b\n\\.\nselect 1', 'a\\.\n\\.b\n'],
  ])('keeps the data of %j', (sql, data) => {
    const statements = splitStatements(sql);
    expect(statements.map((each) => each.copyData)).toEqual([data, undefined]);
    expect(statements[1]?.text).toBe('select 1');
  });

  it('knows COPY without data', () => {
    const sql =
      "copy t from '/a'; copy t to stdout; copy (select 1 from stdin) to stdout; select 1 from stdin;";
    expect(splitStatements(sql).every((each) => each.copyData === undefined)).toBe(true);
    expect(splitStatements('copy t from stdin;\nrest')[0]?.copyData).toBe('rest');
    for (const sql of ['copy t from stdin', 'copy t from stdin;', 'copy t from stdin;\n']) {
      expect(splitStatements(sql)).toEqual([
        { text: 'copy t from stdin', offset: 0, line: 1, column: 1, copyData: '' },
      ]);
    }
  });

  it.each([
    ['select 1;\n \\i other.sql', 2, 2],
    ['\\connect x', 1, 1],
    ['select 1 \\gexec\n', 1, 10],
    ['copy t from stdin; select 1\n', 1, 19],
  ])('refuses %j', (sql, line, column) => {
    try {
      splitStatements(sql, { file: 'a.sql' });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(GodwitError);
      expect((error as GodwitError).code).toBe('GODWIT_FILE_INVALID');
      expect((error as GodwitError).where).toMatchObject({ file: 'a.sql', line, column });
    }
  });

  it('splits as the real parser does', async () => {
    const blank = fc.constantFrom(' ', '\n', '\r\n', ' -- c;\n', "/* ; /* ' */ $$ */", '\t');
    const value = fc.oneof(
      fc
        .string({ unit: fc.constantFrom(...'a;-$\'"\\é😀\n/*') })
        .map((s) => `'${s.replaceAll("'", "''")}'`),
      fc.string({ unit: fc.constantFrom(...'a;-$"é\n/*') }).map((s) => `E'${s}\\'\\\\'`),
      fc.string({ unit: fc.constantFrom(...'a;-\'"\\é\n/*') }).map((s) => `$x$${s}$x$`),
      fc
        .string({ unit: fc.constantFrom(..."a;-'$\\é /*"), minLength: 1 })
        .map((s) => `1 as "${s}"`),
      fc.constantFrom(
        'a$b',
        '1.5e-3',
        '-1',
        'case when a then b end',
        '(select 1)',
        "U&'\\0041;'",
        "date'2020-01-01'",
        'a.end',
        '$1',
        'array[1]',
        "E'a'\n'\\';'",
      ),
    );
    const statement = fc.oneof(
      fc
        .tuple(blank, fc.array(value, { minLength: 1, maxLength: 4 }))
        .map(([gap, values]) => `select${gap} ${values.join(`${gap},`)}`),
      value
        .filter((v) => v.startsWith('$x$'))
        .map((v) => `create function f() returns int language sql as ${v}`),
      fc.constantFrom(
        'create function f() returns int begin atomic select case a when 1 then 2 end; select 2; end',
        'create rule r as on insert to a do (select 1; select 2)',
        'begin',
        'commit',
        '',
      ),
    );
    const file = fc
      .array(fc.tuple(blank, statement, blank), { maxLength: 6 })
      .map((parts) => parts.map((part) => part.join('')).join(';'));
    let parsed = 0;
    await fc.assert(
      fc.asyncProperty(file, async (sql) => {
        // The parser's wrapper refuses an empty text.
        const tree = sql.trim() === '' ? {} : await parse(sql);
        parsed++;
        const bytes = Buffer.from(sql);
        const expected = (tree.stmts ?? []).map(({ stmt_location: at = 0, stmt_len: length }) => ({
          offset: bytes.subarray(0, at).toString().length,
          text: bytes.subarray(at, length === undefined ? undefined : at + length).toString(),
        }));
        const actual = splitStatements(sql);
        expect(actual.map((each) => each.offset)).toEqual(expected.map((each) => each.offset));
        for (const [i, each] of actual.entries())
          expect(expected[i]?.text.startsWith(each.text)).toBe(true);
      }),
      { numRuns: rounds(400, 20_000) },
    );
    expect(parsed).toBeGreaterThan(300);
  });

  it('takes time in proportion to the length', () => {
    const unit = "insert into t values (1, 'a;b', $$c$$); -- x\n".repeat(1000);
    const nasty = [
      '(',
      '/*',
      '$a',
      "'",
      '$$',
      "e'a'\n",
      '"',
      'copy t from stdin;\n',
      'begin atomic ',
      '$a$b$',
    ].map((each) => each.repeat(50_000));
    const began = process.cpuUsage().user;
    expect(splitStatements(unit.repeat(100))).toHaveLength(100_000);
    for (const each of nasty) splitStatements(each);
    // Microseconds of work, not of waiting for a busy machine; a quadratic one takes minutes.
    expect(process.cpuUsage().user - began).toBeLessThan(20_000_000);
  });
});
