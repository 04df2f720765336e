import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GodwitEvent } from '../../../src/events.ts';
import type { Session } from '../../../src/ports/session.ts';
import {
  acquire,
  pgliteServer,
  postgresServer,
  sqlJob,
  type TestDatabase,
  type TestServer,
} from './kit.ts';

describe.each([
  ['PostgreSQL 18', postgresServer],
  ['PGlite', pgliteServer],
])('SQL as people have it, on %s', (_, start) => {
  let server: TestServer;
  let db: TestDatabase;
  let session: Session;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    db = await server.create();
    session = await acquire(db.driver);
  });
  afterEach(() => db.close());

  let version = 0;
  const run = async (text: string, more: Parameters<typeof sqlJob>[2] = {}) => {
    const outcome = await session.execute(
      sqlJob(session, text, { version: String(++version), ...more }),
    );
    return outcome;
  };
  const applied = async (text: string, more: Parameters<typeof sqlJob>[2] = {}) => {
    const outcome = await run(text, more);
    expect(outcome, JSON.stringify(outcome.error)).toMatchObject({ status: 'applied' });
    return outcome;
  };

  const odd: readonly (readonly [name: string, text: string])[] = [
    ['nothing', ''],
    ['blanks', ' \r\n\t\n'],
    ['comments', '-- one\r\n/* two /* nested */ */\r\n'],
    ['semicolons', ';;\n;'],
    ['a byte order mark', '\ufeff'],
    [
      'a byte order mark and CR LF',
      '\ufeffcreate table bom (n int);\r\ninsert into bom values (1);\r\n',
    ],
    [
      'pg_dump of today',
      "\\restrict kX1\r\nset standard_conforming_strings = on;\nselect pg_catalog.set_config('search_path', '', false);\n\\unrestrict kX1\n",
    ],
    [
      'BEGIN ATOMIC',
      'create function f() returns int language sql begin atomic select 1; select case when true then 2 end; end;\nselect f();',
    ],
    [
      'escapes of old',
      "set standard_conforming_strings = off; create table e (s text); insert into e values ('a\\';b');",
    ],
  ];

  // One database for all: on PGlite each is a server of its own.
  it(`runs files of ${odd.map(([name]) => name).join(', ')}, in a transaction with the record`, async () => {
    for (const [name, text] of odd) {
      expect(await applied(text), name).toMatchObject({ transactional: true, recorded: true });
      const events = await db.driver.history.events();
      expect(events.filter((event) => event.version === String(version))).toHaveLength(1);
    }
  });

  it('says on which line psql is needed', async () => {
    const outcome = await run('select 1;\n\\i other.sql\n');
    expect(outcome.error).toMatchObject({
      code: 'GODWIT_FILE_INVALID',
      where: { line: 2, column: 1 },
    });
    expect(outcome.effect).toBe('none');
  });

  it('runs what the parser cannot read, and shows the server its own error with its place', async () => {
    const text = '\ufeffcreate table seen (n int);\r\nvacuum;\r\n  selec 1;\r\n';
    const outcome = await run(text);
    expect(outcome.error?.message).toMatch(/syntax error at or near "selec"/);
    expect(outcome.error?.where).toMatchObject({ line: 3, column: 3, statement: 'selec 1' });
  });

  it('names the line of COPY data that is wrong, and takes all of it back', async () => {
    await db.ask('create table c (n int primary key, s text)');
    const rows = Array.from({ length: 2_000 }, (_, i) => `${i}\tré${i}`);
    const file = (row: string): string =>
      `-- data\ncopy c (n, s) from stdin;\n${rows.join('\n')}\n${row}\n\\.\nselect 1;\n`;
    const wrong = await run(file('12\tx\ttoo many'));
    expect(wrong).toMatchObject({ status: 'failed', effect: 'none' });
    expect(wrong.error?.where).toMatchObject({
      line: 2_003,
      statement: 'copy c (n, s) from stdin',
    });
    const value = await run(file('7000\ty\n  x1\tz'));
    expect(value.error?.where).toMatchObject({ line: 2_004, column: 1 });
    expect(await db.ask('select count(*)::int n from c')).toEqual([{ n: 0 }]);
    await applied(file('7000\tend'));
    expect(await db.ask('select count(*)::int n, max(length(s)) l from c')).toEqual([
      { n: 2_001, l: 6 },
    ]);
    await applied('copy c from stdin;\n9000\t😀\n\\.\n', { sql: { transaction: 'never' } });
    await applied('copy c from stdin with (format csv);\r\n9001,"a\r\nb"\r\n\\.\r\n');
  });

  it('sends a long file in messages of bounded length, and is still one transaction', async () => {
    await db.ask('create table big (n int, s text)');
    const lines = Array.from(
      { length: 6_000 },
      (_, i) => `insert into big values (${i}, '${'é'.repeat(80)}');`,
    );
    const broken = [...lines, 'insert into big values (1/0);'].join('\n');
    const outcome = await run(broken);
    expect(outcome).toMatchObject({ status: 'failed', effect: 'none', transactional: true });
    expect(outcome.error?.where).toMatchObject({
      line: 6_001,
      statement: 'insert into big values (1/0)',
    });
    const syntax = await run([...lines, 'selec'].join('\n'));
    expect(syntax.error?.where).toMatchObject({ line: 6_001, column: 1 });
    expect(await db.ask('select count(*)::int n from big')).toEqual([{ n: 0 }]);
    expect(await applied(`begin;\n${lines.join('\n')}\ncommit;`)).toMatchObject({
      transactional: true,
    });
    expect(await db.ask('select count(*)::int n from big')).toEqual([{ n: 6_000 }]);
    const failedVerify = await session.execute(
      sqlJob(session, lines.join('\n'), {
        version: String(++version),
        verify: {
          type: 'sql',
          sql: { text: 'select 1', file: 'v.sql', line: 1, transaction: 'auto', variables: false },
        },
      }),
    );
    expect(failedVerify).toMatchObject({ status: 'failed', effect: 'none' });
    expect(await db.ask('select count(*)::int n from big')).toEqual([{ n: 6_000 }]);
  });

  it.each(['auto', 'never'] as const)(
    'keeps together what has no effect without a transaction (%s)',
    async (transaction) => {
      await db.ask('create table held (n int)');
      await db.ask('create table seen (what text)');
      const text = `create table first_${transaction} (n int);
lock table held in access exclusive mode;
insert into seen select mode from pg_locks where relation = 'held'::regclass and mode = 'AccessExclusiveLock';
set local work_mem = '123kB';
create temp table gone on commit drop as select 1 as n;
insert into seen select current_setting('work_mem') from gone;
vacuum held;
insert into seen values (coalesce(to_regclass('pg_temp.gone')::text, 'dropped'));`;
      expect(await applied(text, { sql: { transaction } })).toMatchObject({ transactional: false });
      expect(await db.ask('select what from seen')).toEqual([
        { what: 'AccessExclusiveLock' },
        { what: '123kB' },
        { what: 'dropped' },
      ]);
    },
  );

  it('rolls back a group as a whole, and goes on at its beginning', async () => {
    await db.ask('create table t (n int)');
    const text = `insert into t values (1);
vacuum t;
insert into t values (2);
insert into t values (3);
insert into missing values (4);
vacuum t;`;
    const failed = await run(text);
    expect(failed).toMatchObject({ status: 'failed', effect: 'partial', transactional: false });
    expect(failed.error?.where).toMatchObject({ line: 5, column: 13 });
    expect(await db.ask('select n from t order by n')).toEqual([{ n: 1 }]);
    await db.ask('create table missing (n int)');
    const record = (await db.driver.history.versions()).find(
      (each) => each.version === String(version),
    );
    expect(record?.checkpoint?.statements).toBe(2);
    const again = await session.execute(
      sqlJob(session, text, { version: String(version), checkpoint: record?.checkpoint }),
    );
    expect(again, JSON.stringify(again.error)).toMatchObject({ status: 'applied' });
    expect(await db.ask('select n from t order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('uses a new value of an enum later in the same file', async () => {
    await db.ask("create type mood as enum ('sad')");
    await db.ask('create table m (v mood)');
    await applied(
      "alter type mood add value 'glad';\ninsert into m values ('sad');\ninsert into m values ('glad');",
    );
    expect(await db.ask('select v from m')).toEqual([{ v: 'sad' }, { v: 'glad' }]);
  });

  it('tells every statement of a group of its own, and that it is many', async () => {
    const events: GodwitEvent[] = [];
    await db.ask('create table t (n int)');
    const many = Array.from({ length: 3_000 }, (_, i) => `insert into t values (${i});`).join('\n');
    await applied(`${many}\ncreate index concurrently i on t (n);`, {
      emit: (event) => events.push(event),
    });
    expect(await db.ask('select count(*)::int n from t')).toEqual([{ n: 3_000 }]);
    const checkpoints = (await db.driver.history.events()).filter(
      (each) => each.event === 'checkpoint',
    );
    expect(checkpoints.length).toBeLessThan(6);
    expect(events.some((event) => event.type === 'run.statement' && event.total === 3_001)).toBe(
      true,
    );
  });
});
