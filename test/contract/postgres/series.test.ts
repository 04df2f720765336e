import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { Migrator } from '../../../src/app/types.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';
import { startProxy } from '../../e2e/support/proxy.ts';

const COUNT = 120;
const id = (n: number): string => `${String(n).padStart(3, '0')}_m`;

/** Many small files share messages; each is still a transaction with its record. */
describe('a series of files', () => {
  let server: TestPostgres;
  let folder: TestFolder;
  let url: string;
  let client: pg.Client;
  let migrator: Migrator;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    folder = await createFolder();
    client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('create table marks (n int)');
    migrator = createMigrator({ url, root: folder.path, statementLockTimeoutMs: 300 });
  });
  afterEach(async () => {
    await migrator.close();
    await client.end();
    await folder.remove();
  });

  async function write(special: Record<number, string> = {}): Promise<void> {
    const files = Array.from({ length: COUNT }, (_, i) => {
      const n = i + 1;
      return [
        `migrations/${id(n)}.sql`,
        special[n] ?? `insert into marks values (${n}); -- 😀 ${n}`,
      ];
    });
    await folder.write(Object.fromEntries(files));
  }

  async function marks(): Promise<number[]> {
    const { rows } = await client.query<{ n: number }>('select n from public.marks order by n');
    return rows.map((row) => row.n);
  }

  function runEvents(): string[] {
    const events: string[] = [];
    migrator.on((event) => {
      if (event.type === 'run.started' || event.type === 'run.ended')
        events.push(`${event.type} ${event.id}`);
    });
    return events;
  }

  const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

  it('runs each once, in order, with a record of its own', async () => {
    await write();
    const events = runEvents();
    expect((await migrator.up()).summary).toMatchObject({ applied: COUNT, remaining: 0 });
    expect(await marks()).toEqual(upTo(COUNT));
    expect(events).toEqual(
      upTo(COUNT).flatMap((n) => [`run.started ${id(n)}`, `run.ended ${id(n)}`]),
    );
    const { rows } = await client.query(
      'select count(distinct xmin::text) as n from godwit.history',
    );
    expect(rows).toEqual([{ n: String(COUNT) }]);
  });

  it.each([
    ['an error at run time', 'select 1;\ninsert into nowhere values (1);', { line: 2, column: 13 }],
    [
      'a syntax error, which the server sees before anything runs',
      'select 1;\nselekt 2;',
      { line: 2, column: 1 },
    ],
    ['an error without a position', 'select 1;\n\nselect 1/0;', { line: 3, column: 1 }],
    [
      'a constraint that is asked at COMMIT',
      'create table p (n int primary key, m int references p deferrable initially deferred);\ninsert into p values (1, 2);',
      undefined,
    ],
  ])('stops at %s: what came before stays, nothing after it runs', async (_, text, where) => {
    await write({ 77: text });
    const report = await migrator.up();
    expect(report.summary).toMatchObject({ applied: 76, failed: 1, remaining: COUNT - 76 });
    expect(report.runs.at(-1)).toMatchObject({
      id: id(77),
      status: 'failed',
      error: { code: 'GODWIT_MIGRATION_FAILED' },
    });
    expect(report.runs.at(-1)?.error?.where?.file).toBe(`migrations/${id(77)}.sql`);
    if (where) expect(report.runs.at(-1)?.error?.where).toMatchObject(where);
    expect(await marks()).toEqual(upTo(76));
    const { runs } = await migrator.history();
    expect(runs.map((run) => run.status)).toEqual([...Array(76).fill('applied'), 'failed']);
    await write();
    expect((await migrator.up()).summary).toMatchObject({ applied: COUNT - 76, remaining: 0 });
    expect(await marks()).toEqual(upTo(COUNT));
  });

  describe('whose next message is sent while the server works on the one before', () => {
    /** Time to write and send it in. */
    const pause = 'select pg_sleep(0.4);';

    it.each([
      ['runs it', undefined, COUNT],
      ['does not run it after an error', 'select 1/0;', 39],
      [
        'does not run it after a COMMIT that failed, which leaves no failed transaction',
        'create table p (n int primary key, m int references p deferrable initially deferred);\ninsert into p values (1, 2);',
        39,
      ],
    ])('%s', async (_, text, applied) => {
      await write({ 2: pause, ...(text && { 40: text }) });
      const events = runEvents();
      const { summary, runs } = await migrator.up();
      expect(summary).toMatchObject({ applied, remaining: COUNT - applied });
      // No other file is announced, and each that is comes to its end before the next.
      expect(events).toEqual(runs.flatMap(({ id }) => [`run.started ${id}`, `run.ended ${id}`]));
      expect(await marks()).toEqual(upTo(applied).filter((n) => n !== 2));
      await write({ 2: pause });
      expect((await migrator.up()).summary).toMatchObject({ remaining: 0, failed: 0 });
      expect(await marks()).toEqual(upTo(COUNT).filter((n) => n !== 2));
    });

    it('does not call a file failed that a stop kept from running', async () => {
      await write({ 2: pause, 60: 'selekt' });
      const stop = new AbortController();
      migrator.on((event) => {
        if (event.type === 'run.ended' && event.id === id(50)) stop.abort();
      });
      const { summary, error } = await migrator.up({ signal: stop.signal });
      expect(summary).toMatchObject({ applied: 50, failed: 0, remaining: COUNT - 50 });
      expect(error?.code).toBe('GODWIT_STOPPED');
      expect((await migrator.history()).runs).toHaveLength(50);
    });

    it('sends nothing more after a stop where it has no second session to cancel from', async () => {
      await client.query(`create role alone login connection limit 1;
        grant create on database ${new URL(url).pathname.slice(1)} to alone;
        grant all on schema public to alone; grant all on marks to alone`);
      const files = Array.from({ length: 400 }, (_, i) => [
        `migrations/${id(i + 1)}.sql`,
        `insert into marks values (${i + 1}); select pg_sleep(0.002);`,
      ]);
      await folder.write(Object.fromEntries(files));
      const alone = new URL(url);
      alone.username = 'alone';
      const through = createMigrator({ url: alone.href, root: folder.path });
      const stop = new AbortController();
      through.on((event) => {
        if (event.type === 'run.started' && event.id === id(10)) stop.abort();
      });
      const { summary, error } = await through.up({ signal: stop.signal });
      await through.close();
      expect(error?.code).toBe('GODWIT_STOPPED');
      // The message under way, and one behind it.
      expect(summary.applied).toBeLessThanOrEqual(100);
      expect(await marks()).toEqual(upTo(summary.applied));
    });

    it('knows after a cut connection what the server did all the same, of both', async () => {
      const detour = new URL(url);
      const proxy = await startProxy({ host: detour.hostname, port: Number(detour.port) });
      detour.port = String(proxy.port);
      const through = createMigrator({ url: detour.href, root: folder.path });
      await write({ 2: pause });
      through.on((event) => {
        if (event.type === 'run.started' && event.id === id(2)) setTimeout(() => proxy.cut(), 200);
      });
      const report = await through.up();
      await through.close();
      await proxy.stop();
      const { rows } = await client.query<{ id: string }>(
        "select id from godwit.history where status = 'applied' order by seq",
      );
      const applied = rows.map((row) => row.id);
      const told = report.runs.filter(({ status }) => status === 'applied').map((run) => run.id);
      expect(applied).toEqual(expect.arrayContaining(told));
      expect(await marks()).toEqual(upTo(applied.length).filter((n) => n !== 2));
      expect((await migrator.up()).summary).toMatchObject({ remaining: 0, failed: 0 });
      expect(await marks()).toEqual(upTo(COUNT).filter((n) => n !== 2));
    });
  });

  it('gives the next file a clean session', async () => {
    const seen = ['search_path', 'lock_timeout', 'statement_timeout'].map(
      (name) => `current_setting('${name}')`,
    );
    await write({
      10: "set search_path = ''; select set_config('lock_timeout', '77s', false); create temp table marks (n int);",
      // Not so short a time that the file itself, or its record, could take longer.
      20: "set statement_timeout = '77s'; prepare p as select 1; listen something;",
      30: `insert into marks select -1 where '77s' in (${seen.join(', ')}) or ${seen[0]} = ''
        or exists (select from pg_prepared_statements where name = 'p') or exists (select pg_listening_channels());`,
    });
    expect((await migrator.up()).summary).toMatchObject({ applied: COUNT, failed: 0 });
    expect(await marks()).toEqual(upTo(COUNT).filter((n) => n % 10 !== 0 || n > 30));
  });

  it('counts the time of each file, not of the message', async () => {
    await write({ 10: 'select pg_sleep(1);' });
    const { runs } = await migrator.up();
    expect(runs[9]?.durationMs).toBeGreaterThanOrEqual(1000);
    expect(runs.filter(({ durationMs }) => (durationMs ?? 0) >= 1000)).toHaveLength(1);
  });

  describe('of files so plain that their records are prepared', () => {
    const plain = (special: Record<number, string> = {}) =>
      write({
        ...Object.fromEntries(upTo(COUNT).map((n) => [n, `create table t_${n} (n int);`])),
        ...special,
      });

    it('records each as its own, and leaves nothing prepared to other files', async () => {
      const look = 'insert into marks select count(*) from pg_prepared_statements;';
      await plain({ 3: look, 77: look, 78: "select 'it''s';", [COUNT]: look });
      expect((await migrator.up()).summary).toMatchObject({ applied: COUNT, remaining: 0 });
      expect(await marks()).toEqual([0, 0, 0]);
      const { rows } = await client.query(
        'select id, name, status, checksum, normalized, by, xmin::text from godwit.history order by seq',
      );
      expect(new Set(rows.map((row) => row.xmin)).size).toBe(COUNT);
      expect(rows.map((row) => row.id)).toEqual(upTo(COUNT).map(id));
      const kept = rows.every((row) => /^v1:/.test(row.normalized) && row.by.pid === process.pid);
      expect(kept).toBe(true);
      const { migrations, problems } = await migrator.status();
      expect(migrations.every(({ state }) => state === 'applied')).toBe(true);
      expect(problems).toEqual([]);
    });

    it('stops at an error, and goes on', async () => {
      await plain({ 90: 'create table t_1 (n int);' });
      expect((await migrator.up()).summary).toMatchObject({ applied: 89, failed: 1 });
      await plain();
      expect((await migrator.up()).summary).toMatchObject({ applied: 31, remaining: 0 });
      const { runs } = await migrator.history();
      expect(runs).toHaveLength(COUNT + 1);
    });

    it('gives the session back as it was after an error', async () => {
      const look = `select current_setting('synchronous_commit') as synchronous_commit,
        (select count(*) from pg_prepared_statements) as prepared`;
      await plain({ 90: 'create table t_1 (n int);' });
      expect((await migrator.up()).summary).toMatchObject({ failed: 1 });
      // Outside a transaction a file has what its session has.
      await plain({ 90: `-- godwit: no-transaction\ncreate table seen as ${look};` });
      expect((await migrator.up()).summary).toMatchObject({ remaining: 0 });
      const [seen, fresh] = await Promise.all([client.query('table seen'), client.query(look)]);
      expect(seen.rows).toEqual(fresh.rows);
    });
  });

  it('does without PL/pgSQL', async () => {
    await client.query('drop extension plpgsql');
    await write();
    expect((await migrator.up()).summary).toMatchObject({ applied: COUNT, failed: 0 });
    expect(await marks()).toEqual(upTo(COUNT));
  });

  it('waits for a lock by itself, and goes on', async () => {
    await write({ 60: 'alter table marks add column m int;' });
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query('begin; lock table marks in share row exclusive mode');
    await other.query('commit');
    await other.query('begin; select * from marks');
    const retried: string[] = [];
    migrator.on((event) => {
      if (event.type === 'run.retrying') retried.push(event.id);
      if (event.type === 'run.retrying') void other.query('commit');
    });
    expect((await migrator.up()).summary).toMatchObject({ applied: COUNT, failed: 0 });
    expect(new Set(retried)).toEqual(new Set([id(60)]));
    await other.end();
  });

  it('stops in the middle when told to, and the rest is not run', async () => {
    await write({ 30: 'select pg_sleep(20);' });
    const stop = new AbortController();
    migrator.on((event) => {
      if (event.type === 'run.started' && event.id === id(30)) setTimeout(() => stop.abort(), 100);
    });
    const report = await migrator.up({ signal: stop.signal });
    expect(report.error?.code).toBe('GODWIT_STOPPED');
    expect(report.summary.applied).toBe(29);
    expect(await marks()).toEqual(upTo(29));
    expect(await migrator.lockHolder()).toBeUndefined();
  });

  it('says where the session was ended', async () => {
    await write({ 3: `select 1;\n\nselect pg_sleep(20);` });
    migrator.on((event) => {
      if (event.type !== 'run.started' || event.id !== id(3)) return;
      void sleep(300).then(() =>
        client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
        ),
      );
    });
    const { runs } = await migrator.up();
    expect(runs.at(-1)?.error?.where).toMatchObject({ line: 3, column: 1 });
  });

  it('tells the truth when its session is ended in the middle', async () => {
    await write({ 30: 'select pg_sleep(20);' });
    migrator.on((event) => {
      if (event.type !== 'run.started' || event.id !== id(30)) return;
      void sleep(200).then(() =>
        client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
        ),
      );
    });
    const report = await migrator.up();
    expect(report.summary).toMatchObject({ applied: 29 });
    expect(await marks()).toEqual(upTo(29));
    await migrator.close();
    const next = createMigrator({ url, root: folder.path });
    expect((await next.status()).summary.applied).toBe(29);
    await next.close();
  });
});
