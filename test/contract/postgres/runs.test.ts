import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../../src/drivers/postgres/driver.ts';
import type { GodwitEvent } from '../../../src/events.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import type { Actor } from '../../../src/ports/history.ts';
import type { Job, Session } from '../../../src/ports/session.ts';
import {
  hasSystemPostgres,
  startPostgres,
  type TestPostgres,
} from '../../../src/testing/postgres.ts';

const by: Actor = { host: 'here', user: 'me', pid: process.pid, godwit: 'test' };

const versions = hasSystemPostgres() ? (['embedded', 'system'] as const) : (['embedded'] as const);

describe.each(versions)('runs on PostgreSQL (%s)', (version) => {
  let server: TestPostgres;
  let driver: Driver;
  let session: Session;
  let other: pg.Client;
  let events: GodwitEvent[];

  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  async function start(): Promise<void> {
    events = [];
    const url = await server.createDatabase();
    driver = await open({
      url,
      root: process.cwd(),
      store: { schema: 'godwit', prefix: 'godwit_' },
      connectTimeoutMs: 5000,
      lock: 'auto',
      emit: () => {},
    });
    session = await driver.acquire({
      by,
      command: 'up',
      timeoutMs: 0,
      leaseMs: 15_000,
      signal: new AbortController().signal,
      emit: () => {},
    });
    other = new pg.Client({ connectionString: url });
    other.on('error', () => {});
    await other.connect();
  }

  async function end(): Promise<void> {
    await other.end();
    await driver.close();
  }

  function job(text: string, extra: Partial<Job> = {}): Job {
    const never = new AbortController().signal;
    return {
      header: {
        run: randomUUID(),
        kind: 'migration',
        version: '1',
        id: '1_a',
        name: 'a',
        direction: 'up',
        by,
        fence: session.fence,
      },
      step: {
        type: 'sql',
        sql: { text, file: '1_a.sql', line: 1, transaction: 'auto', variables: false },
      },
      transaction: 'auto',
      resume: 'checkpoint',
      mirrors: [],
      limits: { lockTimeoutMs: 150, statementTimeoutMs: 0, lockRetries: 8 },
      variables: {},
      emit: (event) => events.push(event),
      stop: never,
      abort: never,
      ...extra,
    };
  }

  it('retries after a lock time-out, and says who was in the way', async () => {
    await start();
    await other.query('create table t (n int)');
    await other.query('begin; select * from t');
    const running = session.execute(job('alter table t add column m int'));
    let over = false;
    running.finally(() => {
      over = true;
    });
    const retries = () => events.filter((event) => event.type === 'run.retrying');
    // On a busy machine the first wait may be over before somebody has looked.
    const told = () =>
      retries().some(({ blockers }) => blockers.join().includes('select * from t'));
    while (!told() && !over) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told(), JSON.stringify(retries())).toBe(true);
    await other.query('commit');
    expect(await running).toMatchObject({ status: 'applied' });
    await end();
  });

  it('cancels a statement when told to stop, and leaves nothing', async () => {
    await start();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const outcome = await session.execute(
      job('create table gone (); select pg_sleep(20)', { stop: stop.signal }),
    );
    expect(outcome).toMatchObject({ status: 'stopped', effect: 'none' });
    expect(outcome.durationMs).toBeLessThan(10_000);
    expect((await other.query("select to_regclass('gone') r")).rows).toEqual([{ r: null }]);
    expect(await driver.history.events()).toEqual([]);
    await end();
  });

  it('drops the invalid index of a broken CONCURRENTLY, and goes on where it stopped', async () => {
    await start();
    await other.query('create table t (n int); insert into t values (1), (1)');
    const sql =
      'create table before (); create unique index concurrently i on t (n); create table after ()';
    const failed = await session.execute(job(sql));
    expect(failed).toMatchObject({ status: 'failed', effect: 'partial' });
    expect(failed.error?.where).toMatchObject({ file: '1_a.sql', line: 1, column: 25 });
    await other.query('delete from t where ctid in (select ctid from t limit 1)');
    const [record] = await driver.history.versions();
    expect(record).toMatchObject({
      state: 'failed',
      resume: 'checkpoint',
      checkpoint: { statements: 1 },
    });
    const again = await session.execute(job(sql, { checkpoint: record?.checkpoint }));
    expect(again).toMatchObject({ status: 'applied' });
    const { rows } = await other.query(
      "select indisvalid v from pg_index where indexrelid = 'i'::regclass",
    );
    expect(rows).toEqual([{ v: true }]);
    await end();
  });

  it('finds out from the history what a cut connection did', async () => {
    await start();
    const running = session.execute(job('create table half (); select pg_sleep(20)'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await other.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where query like $1',
      ['%create table half%pg_sleep(20)%reset all%'],
    );
    expect(await running).toMatchObject({ status: 'failed', effect: 'none', recorded: true });
    expect(session.lost.aborted).toBe(true);
    await expect(session.append([], [])).rejects.toMatchObject({ code: 'GODWIT_LOCK_LOST' });
    expect((await other.query("select to_regclass('half') r")).rows).toEqual([{ r: null }]);
    await end();
  });

  it('reads as a user that may only read, and says what an unready one may not', async () => {
    await start();
    await session.execute(job('select 1'));
    await session.release();
    const name = `reader_${randomUUID().slice(0, 8)}`;
    await other.query(`create role ${name} login; grant usage on schema godwit to ${name};
      grant select on all tables in schema godwit to ${name}`);
    const url = new URL(server.url);
    url.username = name;
    url.pathname = `/${driver.target.database}`;
    const options = {
      url: url.href,
      root: process.cwd(),
      store: { schema: 'godwit', prefix: 'godwit_' },
      connectTimeoutMs: 5000,
      lock: 'auto' as const,
      emit: () => {},
    };
    const reading = await open(options);
    expect(await reading.history.versions()).toHaveLength(1);
    expect(await reading.lockHolder()).toBeUndefined();
    const signal = new AbortController().signal;
    const taking = reading.acquire({
      by,
      command: 'up',
      timeoutMs: 0,
      leaseMs: 1000,
      signal,
      emit: () => {},
    });
    await expect(taking).rejects.toMatchObject({ code: 'GODWIT_PERMISSION_DENIED' });
    await reading.close();
    await end();
  });
});
