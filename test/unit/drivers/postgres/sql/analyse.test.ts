import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse, mayNeedParser } from '../../../../../src/drivers/postgres/sql/index.ts';

/** Refused in a transaction block, with PostgreSQL's reasons. */
const REFUSED = [
  'create index concurrently i on t (a)',
  'create unique index concurrently on t (a)',
  'drop index concurrently i',
  'reindex table concurrently t',
  'reindex (concurrently) index i',
  'reindex schema s',
  'reindex database d',
  'reindex system d',
  'vacuum',
  'vacuum (analyze) t',
  'create database d',
  'drop database if exists d',
  "create tablespace s location '/s'",
  'drop tablespace s',
  'alter system set work_mem = 1',
  'alter database d set tablespace s',
  'cluster',
  'alter table t detach partition p concurrently',
  "create subscription s connection '' publication p",
  'alter subscription s refresh publication',
  'alter subscription s set publication p',
  'alter subscription s add publication p with (refresh = true)',
  'alter subscription s set (failover = true)',
  'drop subscription s',
  "commit prepared 'x'",
  "rollback prepared 'x'",
  'discard all',
  'do $$ begin commit; end $$',
];

const FINE = [
  'create table t (id int)',
  'create index i on t (a)',
  'drop index i',
  'reindex table t',
  'refresh materialized view concurrently m',
  'analyze t',
  'alter database d set work_mem = 1',
  'alter database d owner to o',
  'cluster t using i',
  'alter table t detach partition p',
  'alter table t detach partition p finalize',
  "create subscription s connection '' publication p with (connect = false)",
  "create subscription s connection '' publication p with (create_slot = false)",
  'alter subscription s set publication p with (refresh = false)',
  'alter subscription s set (binary = true)',
  'alter subscription s disable',
  "alter type t rename value 'a' to 'b'",
  "alter type t add value 'a'",
  'discard plans',
  'prepare p as select 1',
  'savepoint a; rollback to a; release a',
  'call p()',
  "do $$ begin create temp table x () on commit drop; raise notice 'commit'; end $$",
  "select 'create index concurrently'",
  '-- vacuum\nselect "vacuum"',
  'create function f() returns void language plpgsql as $$ begin perform 1; end $$',
  'create index concurrently_i on t (vacuum)',
];

describe('analyse', () => {
  it.each(REFUSED)('%s runs outside a transaction', async (sql) => {
    const text = `create table t ();\n${sql};\nselect 1`;
    expect(mayNeedParser(text)).toBe(true);
    const { mode, reasons, statements } = await analyse(text);
    expect(mode).toBe('statements');
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(/\(line 2\)\.$/);
    expect(statements.map((each) => each.inTransaction)).toEqual([true, false, true]);
  });

  it.each(FINE)('%s runs in a transaction', async (sql) => {
    const { mode, reasons, statements, message } = await analyse(`${sql};`);
    expect([mode, reasons, message]).toEqual(['transaction', [], `${sql};`]);
    expect(statements.every((each) => each.inTransaction)).toBe(true);
  });

  it('does not even suspect ordinary files', () => {
    for (const sql of [
      'create table t (id int)',
      "select 'vacuum'",
      '-- begin',
      FINE[0],
      FINE[1],
      FINE[14] as string,
    ]) {
      expect(mayNeedParser(sql as string), sql).toBe(sql === FINE[14]);
    }
    expect(
      mayNeedParser(
        'create function f() returns int language plpgsql as $$ begin return 1; end $$;',
      ),
    ).toBe(false);
    expect(mayNeedParser("alter type t add value 'a';")).toBe(false);
    expect(
      mayNeedParser(
        'create materialized view m as select 1; refresh materialized view concurrently m;',
      ),
    ).toBe(false);
  });

  it('is never needed where mayNeedParser says so', async () => {
    const blank = fc.constantFrom(' ', '\n', '/* x */', ' -- begin\n', '\t');
    const statement = fc
      .tuple(
        fc.constantFrom(...REFUSED, ...FINE, 'begin', 'commit', "select 'a'"),
        blank,
        fc.boolean(),
      )
      .map(([sql, gap, upper]) => {
        const spaced = /['"$]/.test(sql) ? sql : sql.replaceAll(' ', gap);
        return (
          gap +
          (upper && !/['"$]/.test(sql) && gap !== ' -- begin\n' ? spaced.toUpperCase() : spaced)
        );
      });
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { maxLength: 4 }), async (statements) => {
        const text = statements.join(';');
        if (mayNeedParser(text)) return;
        const { mode, message } = await analyse(text);
        expect([mode, message]).toEqual(['transaction', text]);
      }),
      { numRuns: 500 },
    );
  });

  it('describes the index that may be left behind', async () => {
    const sql =
      'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I" ON s.t (a); create index concurrently on t (b)';
    const { statements } = await analyse(sql);
    expect(statements.map((each) => each.concurrentIndex)).toEqual([
      { schema: 's', name: 'I', table: 't', ifNotExists: true },
      { table: 't', ifNotExists: false },
    ]);
    expect(statements[0]?.kind).toBe('CREATE INDEX');
  });

  it("takes the BEGIN and COMMIT around a whole file as godwit's own", async () => {
    const text = '-- x\nBEGIN;\ncreate table t ("é😀" int);\nsavepoint a;\nCOMMIT;\n';
    const { mode, statements, message } = await analyse(text, { unwrap: true });
    expect(mode).toBe('transaction');
    expect(statements.map((each) => each.text)).toEqual([
      'create table t ("é😀" int)',
      'savepoint a',
    ]);
    expect(message).toBe('-- x\n      \ncreate table t ("é😀" int);\nsavepoint a;\n       \n');
  });

  it.each<[string, (number | undefined)[]]>([
    ['begin; select 1; commit; select 2; begin; select 3; rollback', [1, 1, 1, undefined, 2, 2, 2]],
    ['begin isolation level serializable; select 1; commit', [1, 1, 1]],
    ['set a = 1; begin; select 1; commit', [undefined, 1, 1, 1]],
    ['begin; select 1; commit and chain; select 2; commit', [1, 1, 1, 1, 1]],
    ["begin; select 1; prepare transaction 'x'", [1, 1, 1]],
    ['select 1; commit; select 2', [undefined, 1, undefined]],
    ['begin; select 1; rollback', [1, 1, 1]],
    ['begin; select 1; commit', [1, 1, 1]],
  ])('leaves the transactions of %s to the file', async (sql, blocks) => {
    const { mode, statements } = await analyse(sql);
    expect(mode).toBe('statements');
    expect(statements.map((each) => each.block)).toEqual(blocks);
    expect(statements.map((each) => each.inTransaction)).toEqual(blocks.map((block) => !block));
  });

  it('refuses a transaction that is never ended', async () => {
    await expect(
      analyse('select 1;\nbegin; select 1', { file: 'a.sql', line: 3 }),
    ).rejects.toMatchObject({
      code: 'GODWIT_FILE_INVALID',
      where: { file: 'a.sql', line: 4, column: 1 },
    });
  });

  it.each<[string, string]>([
    ["alter type mood add value 'glad'; insert into t values ('glad')", 'statements'],
    [
      "alter type mood add value 'glad'; alter table t alter m set default 'glad'::mood",
      'statements',
    ],
    [
      "alter type mood add value 'glad'; do $$ begin insert into t values ('glad'); end $$",
      'statements',
    ],
    ["alter type mood add value 'glad'; select '{sad,glad}'::mood[]", 'statements'],
    ["alter type mood add value 'it''s'; select 'it''s'", 'statements'],
    ["alter type mood add value 'glad'; insert into t values ('sad')", 'transaction'],
    ["insert into t values ('glad'); alter type mood add value 'glad'", 'transaction'],
    [
      "create type mood as enum ('sad'); alter type mood add value 'glad'; select 'glad'::mood",
      'transaction',
    ],
  ])('%s: %s', async (sql, mode) => {
    const analysis = await analyse(sql);
    expect(analysis.mode).toBe(mode);
    expect(analysis.statements.every((each) => each.inTransaction)).toBe(true);
  });

  it('knows a procedure of the same file that commits', async () => {
    const body =
      'create procedure s.p() language plpgsql as $$ begin update t set a = 1; commit; end $$;';
    expect((await analyse(`${body} call s.p();`)).mode).toBe('statements');
    expect(mayNeedParser(`${body} call s.p();`)).toBe(true);
    expect((await analyse(`${body} call s.q();`)).mode).toBe('transaction');
  });

  it('keeps what the parser cannot read', async () => {
    const { mode, statements } = await analyse(
      'create index concurrently on; selec 1; create database',
    );
    expect(mode).toBe('transaction');
    expect(statements.map((each) => [each.inTransaction, each.kind])).toEqual([
      [true, 'CREATE INDEX'],
      [true, 'SELEC'],
      [true, 'CREATE DATABASE'],
    ]);
  });

  it('has no message for COPY data, and blanks what psql alone understands', async () => {
    const copy = await analyse('copy t from stdin;\n1\n\\.\n');
    expect(copy.mode).toBe('transaction');
    expect(copy.message).toBeUndefined();
    expect(copy.statements[0]?.copyData).toBe('1\n');
    expect((await analyse('\\restrict k\nselect 1;\n\\unrestrict k')).message).toBe(
      '           \nselect 1;\n             ',
    );
    expect((await analyse('\ufeffselect 1')).message).toBe(' select 1');
  });

  it('sends statements one by one where escapes are switched', async () => {
    const { mode, message, pieces } = await analyse(
      "begin; set standard_conforming_strings = off; select '\\''; commit",
      { unwrap: true },
    );
    expect([mode, message]).toEqual(['transaction', undefined]);
    expect([...pieces].map(({ text }) => text)).toEqual([
      'set standard_conforming_strings = off;',
      " select '\\'';".trim(),
    ]);
  });

  it.each<[string, 'all' | 'needed', number[]]>([
    ['select 1; select 2; vacuum; select 3', 'all', [1, 1, 0, 2]],
    ['select 1; select 2; vacuum; select 3', 'needed', [0, 0, 0, 0]],
    ['select 1; lock table t; update t set a = 1; vacuum; select 3', 'needed', [0, 1, 1, 0, 0]],
    [
      "set local work_mem = '1MB'; select 1; begin; select 2; commit; select 3",
      'needed',
      [1, 1, 0, 0, 0, 0],
    ],
    [
      'create temp table x (a int) on commit drop; insert into x values (1); vacuum',
      'needed',
      [1, 1, 0],
    ],
    ["select set_config('a.b', 'c', true); select 1; vacuum", 'needed', [1, 1, 0]],
    ["select set_config('a.b', 'c', false); select 1; vacuum", 'needed', [0, 0, 0]],
    [
      "select 1; alter type m add value 'a'; select 2; insert into t values ('a')",
      'all',
      [1, 1, 2, 2],
    ],
  ])('%s: groups for %s', async (sql, grouping, groups) => {
    const { statements } = await analyse(sql, { grouping });
    expect(statements.map(({ group = 0 }) => group)).toEqual(groups);
  });

  it('cuts a long file into messages of bounded length that lead back to their places', async () => {
    const line = (n: number): string =>
      `  insert into t values (${n}, '${'x'.repeat(90)}'); -- ${n}`;
    const text = `\ufeff\\restrict k\nbegin;\n${Array.from({ length: 10_000 }, (_, i) => line(i)).join('\n')}\ncommit;\n`;
    const analysis = await analyse(text, { unwrap: true });
    expect([analysis.mode, analysis.message]).toEqual(['transaction', undefined]);
    for (let read = 0; read < 2; read++) {
      const pieces = [...analysis.pieces];
      expect(pieces.length).toBeGreaterThan(4);
      expect(pieces.length).toBeLessThan(12);
      for (const piece of pieces) {
        expect(piece.text.length).toBeLessThan(300_000);
        const [first = ''] = piece.text.split('\n');
        expect(text.split('\n')[piece.line - 1]?.trim()).toBe(first.trim());
        expect(piece.column).toBe(3);
      }
      expect(
        pieces.map(({ text }) => text.match(/insert/g)?.length ?? 0).reduce((a, b) => a + b),
      ).toBe(10_000);
      expect(pieces.map(({ text }) => text).join('')).not.toMatch(/begin|commit|restrict/);
    }
  });

  it('keeps COPY with its data apart, and knows the line of both', async () => {
    const { pieces } = await analyse(
      'select 1;\n  copy t from stdin;\n1\n2\n\\.\nselect 2;\nselect 3',
    );
    expect([...pieces]).toEqual([
      { text: 'select 1;', line: 1, column: 1 },
      { text: 'copy t from stdin', copyData: '1\n2\n', copyLine: 3, line: 2, column: 3 },
      { text: 'select 2;\nselect 3', line: 6, column: 1 },
    ]);
  });
});
