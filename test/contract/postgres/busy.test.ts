import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { GodwitEvent } from '../../../src/events.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';
import { hasPgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';

/** What PostgreSQL refuses in a transaction block, as a file of it must be recognised. */
const REFUSED = [
  'create index concurrently j on t (n)',
  'drop index concurrently i',
  'reindex table concurrently t',
  'reindex index concurrently i',
  'reindex schema public',
  'vacuum',
  'vacuum (analyze) t',
  'alter system set work_mem = default',
  'discard all',
  'cluster',
  'create database refused',
  'drop database if exists refused',
  'do $$ begin insert into t values (1); commit; end $$',
  'alter table parted detach partition part concurrently',
];

describe('a busy PostgreSQL', () => {
  let server: TestPostgres;
  let url: string;
  let folder: TestFolder;
  let other: pg.Client;
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded' });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    folder = await createFolder();
    other = await connect();
    await other.query(
      `create table t (n int); create index i on t (n);
      create table parted (n int) partition by list (n); create table part partition of parted for values in (1)`,
    );
  });
  afterEach(async () => {
    await other.end().catch(() => undefined);
    await folder.remove();
  });
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const migrator = (more = {}) =>
    createMigrator({ url, root: folder.path, lockTimeoutMs: 60_000, ...more });

  it.each(REFUSED)('refuses in a transaction, and runs from a file: %s', async (sql) => {
    await other.query('begin');
    await expect(other.query(sql)).rejects.toMatchObject({
      code: expect.stringMatching(/^(25001|2D000)$/),
    });
    await other.query('rollback');
    await folder.write({ 'migrations/001_a.sql': `insert into t values (7);\n${sql};\n` });
    await using godwit = migrator();
    const { runs } = await godwit.up();
    expect(runs[0]?.error).toBeUndefined();
    expect(runs).toMatchObject([{ status: 'applied' }]);
  });

  it('a concurrent build waits for an old transaction while ten runners wait for it', async () => {
    await folder.write({
      'migrations/001_a.sql':
        'create index concurrently one on t (n);\ncreate index concurrently two on t (n);\n',
      'migrations/002_b.sql': 'insert into t values (2);\n',
    });
    const old = await connect();
    await old.query('begin; insert into t values (1)');
    const runners = Array.from({ length: 11 }, () => migrator());
    const running = runners.map((each) => each.up());
    for (;;) {
      const { rowCount } = await other.query(
        "select from pg_stat_activity where query like 'create index concurrently one%' and wait_event_type = 'Lock'",
      );
      if (rowCount) break;
      await sleep(50);
    }
    // Longer than the time-out of locks in transactions would be.
    await sleep(1_000);
    await old.query('commit');
    const reports = await Promise.all(running);
    expect(reports.map(({ summary }) => summary.failed)).toEqual(reports.map(() => 0));
    expect(reports.flatMap(({ runs }) => runs.map(({ id }) => id)).sort()).toEqual([
      '001_a',
      '002_b',
    ]);
    const { rows } = await other.query(
      "select count(*)::int n from pg_index where indrelid = 't'::regclass and indisvalid",
    );
    expect(rows).toEqual([{ n: 3 }]);
    for (const each of [...runners, { close: () => old.end() }]) await each.close();
  });

  it('gives up after its retries with who was in the way: pid, query, age', async () => {
    await folder.write({ 'migrations/001_a.sql': 'alter table t add column m int;\n' });
    await other.query('begin; select count(*) from t');
    await using godwit = migrator({ statementLockTimeoutMs: 200, lockRetries: 1 });
    const events: GodwitEvent[] = [];
    godwit.on((event) => events.push(event));
    const { runs } = await godwit.up();
    const { rows } = await other.query('select pg_backend_pid() as pid');
    expect(runs[0]?.error).toMatchObject({ code: 'GODWIT_LOCK_TIMEOUT' });
    expect(runs[0]?.error?.message).toMatch(
      new RegExp(`pid ${rows[0].pid} .*for \\d+ s: .*select count`),
    );
    expect(events.filter(({ type }) => type === 'run.retrying')).toHaveLength(1);
    await other.query('rollback');
    expect((await godwit.up()).summary).toMatchObject({ applied: 1 });
  });

  it('is not ended by time-outs that the role has, where it must wait', async () => {
    await other.query(
      `alter role postgres in database ${new URL(url).pathname.slice(1)} set statement_timeout = '300ms'`,
    );
    await folder.write({ 'migrations/001_a.sql': 'create index concurrently one on t (n);\n' });
    const old = await connect();
    await old.query('set statement_timeout = 0; begin; insert into t values (1)');
    await using godwit = migrator();
    const running = godwit.up();
    await sleep(1_200);
    await old.query('commit');
    expect(await running).toMatchObject({ summary: { applied: 1 } });
    await old.end();
  });

  it('tells the truth when the server restarts in the middle, and arrives afterwards', async () => {
    await folder.write({
      'migrations/001_a.sql': 'create table kept (n int);\n',
      'migrations/002_b.sql': 'create table half (n int);\nselect pg_sleep(30);\n',
      'migrations/003_c.sql': 'insert into kept values (1);\nvacuum kept;\nselect pg_sleep(30);\n',
    });
    const restart = async (): Promise<void> => {
      const client = await connect();
      for (;;) {
        const { rowCount } = await client.query(
          "select from pg_stat_activity where wait_event = 'PgSleep' and application_name = 'godwit'",
        );
        if (rowCount) break;
        await sleep(50);
      }
      const { rows } = await client.query('select pg_backend_pid() as pid');
      // A backend that dies makes the server end all others, recover and start again.
      process.kill(rows[0].pid, 'SIGKILL');
      await client.end().catch(() => undefined);
    };
    for (const file of ['002_b', '003_c']) {
      const godwit = migrator();
      const running = godwit.up();
      await restart();
      const report = await running;
      expect(report.runs.at(-1)).toMatchObject({ id: file, status: 'failed' });
      expect(report.runs.at(-1)?.error?.code).toMatch(/GODWIT_(CONNECTION_LOST|COMMIT_UNKNOWN)/);
      expect(report.runs.at(-1)?.error?.next?.join()).toContain('godwit');
      await godwit.close();
      await folder.write({
        [`migrations/${file}.sql`]:
          file === '002_b'
            ? 'create table half (n int);\n'
            : 'insert into kept values (1);\nvacuum kept;\nselect 1;\n',
      });
      await using next = migrator({ connectTimeoutMs: 10_000 });
      const status = await next.status();
      expect(status.migrations.map(({ state }) => state).join()).not.toContain('running');
      const again = await next.up({ steps: 1 });
      expect(again.runs[0]?.error).toBeUndefined();
      expect(again).toMatchObject({ runs: [{ id: file, status: 'applied' }] });
    }
    other = await connect();
    expect((await other.query('select n from kept')).rows).toEqual([{ n: 1 }]);
  });

  it.runIf(hasPgbouncer())('two runners through PgBouncer run each file once', async () => {
    const pooler = await startPgbouncer(server, 'transaction');
    try {
      await folder.write({
        'migrations/001_a.sql':
          "set search_path = '';\ninsert into public.t values (1);\nselect pg_sleep(0.3);\n",
        'migrations/002_b.sql':
          'insert into t values (2);\ncreate index concurrently one on t (n);\n',
        'migrations/003_c.sql': 'insert into t values (3);\n',
      });
      const runners = [1, 2].map(() => migrator({ url: pooler.through(url) }));
      const reports = await Promise.all(runners.map((each) => each.up()));
      expect(reports.flatMap(({ runs }) => runs.map(({ error }) => error))).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(reports.flatMap(({ runs }) => runs.map(({ id }) => id)).sort()).toEqual([
        '001_a',
        '002_b',
        '003_c',
      ]);
      expect((await other.query('select n from t order by n')).rows).toEqual([
        { n: 1 },
        { n: 2 },
        { n: 3 },
      ]);
      for (const each of runners) await each.close();
    } finally {
      await pooler.stop();
    }
  });
});
