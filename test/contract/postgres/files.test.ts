import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GodwitEvent } from '../../../src/events.ts';
import type { MirrorSpec } from '../../../src/ports/history.ts';
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
])('files on %s', (name, start) => {
  let server: TestServer;
  let db: TestDatabase;
  let session: Session;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    db = await server.create();
    session = await acquire(db.driver);
  });
  afterEach(() => db.close());

  const events = async (): Promise<string[]> =>
    (await db.driver.history.events()).map((event) => event.event);
  const exists = async (table: string): Promise<boolean> =>
    (await db.ask(`select to_regclass('${table}') is not null as r`))[0]?.['r'] === true;

  it.each(['auto', 'always'] as const)(
    'takes a BEGIN and COMMIT around the whole file as its own (%s)',
    async (transaction) => {
      const text = '-- why\nBEGIN;\ncreate table a (n int);\ninsert into a values (1);\nCOMMIT;\n';
      const outcome = await session.execute(sqlJob(session, text, { sql: { transaction } }));
      expect(outcome).toMatchObject({ status: 'applied', transactional: true });
      expect(await events()).toEqual(['ended']);
      expect(await db.ask('select n from a')).toEqual([{ n: 1 }]);
      expect(
        await db.driver.predict?.({
          text,
          file: 'a.sql',
          line: 1,
          transaction,
          variables: false,
        }),
      ).toEqual({ mode: 'always', reasons: [] });
    },
  );

  it('rolls a wrapped file back with its record, and points into it', async () => {
    const text = 'begin;\ncreate table a (n int);\ninsert into a values (1/0);\ncommit;';
    const outcome = await session.execute(sqlJob(session, text));
    expect(outcome).toMatchObject({ status: 'failed', effect: 'none', transactional: true });
    expect(outcome.error?.where).toMatchObject({ file: '1_a.sql', line: 3 });
    expect(await exists('a')).toBe(false);
  });

  it('runs several blocks one after the other, and goes on after the one that was done', async () => {
    const text = `begin; create table a (n int); commit;
begin; create table b (n int); savepoint s; insert into b values (1); rollback to s; insert into b values (2); commit;
begin; create table c (n int); rollback;
begin; insert into d values (1); commit;`;
    const failed = await session.execute(sqlJob(session, text));
    expect(failed).toMatchObject({ status: 'failed', effect: 'partial', transactional: false });
    expect(failed.error?.where).toMatchObject({ line: 4 });
    await db.ask('create table d (n int)');
    const [record] = await db.driver.history.versions();
    expect(record?.checkpoint?.statements).toBe(13);
    const again = await session.execute(sqlJob(session, text, { checkpoint: record?.checkpoint }));
    expect(again, JSON.stringify(again.error)).toMatchObject({ status: 'applied' });
    expect(await db.ask('select n from b')).toEqual([{ n: 2 }]);
    expect(await db.ask('select n from d')).toEqual([{ n: 1 }]);
    expect([await exists('a'), await exists('c')]).toEqual([true, false]);
  });

  it('refuses a mode that the file cannot have, and one that it never ends', async () => {
    const two = 'begin; select 1; commit; begin; select 2; commit;';
    const refused = await session.execute(sqlJob(session, two, { sql: { transaction: 'always' } }));
    expect(refused.error?.code).toBe('GODWIT_TRANSACTION_REFUSED');
    const open = await session.execute(sqlJob(session, 'begin; select 1;'));
    expect(open.error?.code).toBe('GODWIT_FILE_INVALID');
  });

  it('runs what only the server knows to need it outside a transaction, and says so', async () => {
    await db.ask('create table t (n int)');
    await db.ask(
      'create procedure p() language plpgsql as $$ begin insert into t values (1); commit; insert into t values (2); end $$',
    );
    const text = 'insert into t values (0);\ncall p();\ninsert into t values (3);';
    const declared = await session.execute(
      sqlJob(session, text, { sql: { transaction: 'always' } }),
    );
    expect(declared).toMatchObject({ status: 'failed', effect: 'none' });
    expect(declared.error?.message).toContain('2D000');
    expect(declared.error?.next?.join()).toContain('-- godwit: no-transaction');
    expect(await db.ask('select n from t')).toEqual([]);
    const said: string[] = [];
    const emit = (event: GodwitEvent) => event.type === 'run.log' && said.push(event.message);
    const done = await session.execute(sqlJob(session, text, { version: '2', emit }));
    expect(done, JSON.stringify(done.error)).toMatchObject({
      status: 'applied',
      transactional: false,
    });
    expect(said.join()).toContain('not in one transaction');
    expect(await db.ask('select n from t')).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }]);
    const wrong = await session.execute(sqlJob(session, 'call p(); selec', { version: '3' }));
    expect(wrong).toMatchObject({ status: 'failed' });
    const [record] = (await db.driver.history.versions()).filter(({ version }) => version === '3');
    expect(record?.state).toBe('failed');
  });

  it('gives the next file a clean session', async () => {
    await db.ask('create schema other');
    if (name !== 'PGlite') await db.ask('create role somebody_else').catch(() => undefined);
    const dirty = `select pg_catalog.set_config('search_path', '', false);
set statement_timeout = 1234;
set session characteristics as transaction read only;
${name === 'PGlite' ? '' : 'create temp table left_behind (n int);'}
${name === 'PGlite' ? '' : 'prepare mine as select 1;'}
listen there;
${name === 'PGlite' ? '' : 'grant usage on schema other to somebody_else; set role somebody_else;'}`;
    for (const transaction of ['auto', 'never'] as const) {
      const version = transaction === 'auto' ? '1' : '2';
      const text =
        transaction === 'auto' ? dirty : dirty.replace(/grant.*?;|set session char.*;/g, '');
      const first = await session.execute(sqlJob(session, text, { sql: { transaction }, version }));
      expect(first, JSON.stringify(first.error)).toMatchObject({ status: 'applied' });
      const look = await session.execute(
        sqlJob(
          session,
          `do $$ begin
  if current_setting('search_path') = '' or current_setting('statement_timeout') <> '0'
    or current_setting('default_transaction_read_only') = 'on' or current_user <> session_user
    ${
      name === 'PGlite'
        ? ''
        : `or exists (select from pg_prepared_statements) or exists (select pg_listening_channels())
    or to_regclass('pg_temp.left_behind') is not null`
    }
  then raise exception 'not clean: % % %', current_setting('search_path'), current_user,
    (select array_agg(name) from pg_prepared_statements);
  end if; end $$`,
          { version: `${version}0` },
        ),
      );
      expect(look, JSON.stringify(look.error)).toMatchObject({ status: 'applied' });
      expect((await db.driver.lockHolder())?.alive).toBe(true);
    }
  });

  it('reads COPY data and replaces variables', async () => {
    const text =
      "create table c (n int, s text);\ncopy c from stdin;\n1\ta;b\n2\tit's\n\\.\ninsert into c values (${n}, 'x');";
    const outcome = await session.execute(
      sqlJob(session, text, { sql: { variables: true }, variables: { n: '3' } }),
    );
    expect(outcome, JSON.stringify(outcome.error)).toMatchObject({
      status: 'applied',
      transactional: true,
    });
    expect(await db.ask('select n, s from c order by n')).toEqual([
      { n: 1, s: 'a;b' },
      { n: 2, s: "it's" },
      { n: 3, s: 'x' },
    ]);
    const missing = await session.execute(
      sqlJob(session, 'select ${nobody}', { sql: { variables: true }, version: '2' }),
    );
    expect(missing.error?.code).toBe('GODWIT_VARIABLE_MISSING');
  });

  it('tells a mirror that appears in the run itself of all that is applied', async () => {
    const mirrors: MirrorSpec[] = [
      {
        name: 'migration_log',
        create: 'existing',
        shape: { key: { field: 'version', value: 'version-number' }, appliedAt: 'at' },
      },
    ];
    const run = (version: string, text: string) =>
      session.execute(sqlJob(session, text, { version, mirrors }));
    await run('1', 'select 1');
    await run('2', 'select 2');
    const made = await run('3', 'create table migration_log (version int, at timestamptz)');
    expect(made, JSON.stringify(made.error)).toMatchObject({ status: 'applied' });
    expect(await db.ask('select version from migration_log order by 1')).toEqual([
      { version: 1 },
      { version: 2 },
      { version: 3 },
    ]);
    await run('4', 'select 4');
    expect(await db.driver.readMirror(mirrors[0] as MirrorSpec)).toHaveLength(4);
  });

  it('keeps what was counted, and where code failed, relative to the project', async () => {
    const { header } = sqlJob(session, '');
    const counts = { users: { modified: 3 } };
    await session.append(
      [
        {
          ...header,
          event: 'ended',
          status: 'applied',
          effect: 'complete',
          via: 'run',
          durationMs: 1,
          counts,
        },
      ],
      [],
    );
    expect(await db.driver.history.events()).toMatchObject([{ counts }]);
    const failed = await session.execute({
      ...sqlJob(session, '', { version: '2' }),
      step: {
        type: 'code',
        run: () => {
          throw new Error('no');
        },
        body: {
          type: 'code',
          path: `${process.cwd()}/migrations/002_ü b.ts`,
          up: () => {},
          transaction: 'auto',
          idempotent: false,
        },
      },
    });
    expect(failed.error?.where).toEqual({ file: 'migrations/002_ü b.ts' });
  });

  it.skipIf(name === 'PGlite')('ends a statement that takes too long', async () => {
    const limits = { lockTimeoutMs: 0, statementTimeoutMs: 200, lockRetries: 0 };
    const outcome = await session.execute(sqlJob(session, 'select pg_sleep(30)', { limits }));
    expect(outcome).toMatchObject({ status: 'failed', effect: 'none', recorded: true });
    expect(outcome.durationMs).toBeLessThan(15_000);
  });
});
