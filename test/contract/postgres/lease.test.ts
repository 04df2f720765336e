import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../src/ports/driver.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { acquire, openPostgres, sqlJob } from './kit.ts';

describe('locks of PostgreSQL', () => {
  let server: TestPostgres;
  let url: string;
  let other: pg.Client;
  let drivers: Driver[];
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded' });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    drivers = [];
    other = new pg.Client({ connectionString: url });
    await other.connect();
  });
  afterEach(async () => {
    for (const driver of drivers) await driver.close();
    await other.end();
  });
  const open = async (lock: 'auto' | 'lease'): Promise<Driver> => {
    const driver = await openPostgres(url, { lock });
    drivers.push(driver);
    return driver;
  };

  it.each(['auto', 'lease'] as const)(
    'waiters hold up no CREATE INDEX CONCURRENTLY (%s)',
    async (lock) => {
      await other.query('create table t (n int)');
      const session = await acquire(await open(lock));
      const waiters = await Promise.all([1, 2, 3, 4, 5].map(() => open(lock)));
      const waiting = waiters.map(async (driver) => (await acquire(driver, 30_000)).release());
      await sleep(300);
      const started = performance.now();
      const built = await session.execute(sqlJob(session, 'create index concurrently i on t (n)'));
      expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'applied' });
      expect(performance.now() - started).toBeLessThan(15_000);
      await session.release();
      await Promise.all(waiting);
    },
  );

  it.each(['auto', 'lease'] as const)(
    'is taken away from exactly one holder (%s)',
    async (lock) => {
      const [one, two] = [await open(lock), await open(lock)];
      const session = await acquire(one, 0, 1_000);
      const holder = await two.lockHolder();
      if (!holder) throw new Error('nobody holds it');
      expect(await two.breakLock({ ...holder, fence: holder.fence + 1 })).toBe(false);
      expect(await two.breakLock(holder)).toBe(true);
      const next = await acquire(two, 5_000);
      await sleep(600);
      const late = await session
        .execute(sqlJob(session, 'create table late ()'))
        .catch((error) => error);
      expect(late.code ?? late.error?.code).toMatch(/GODWIT_(LOCK|CONNECTION)_LOST/);
      expect(session.lost.aborted).toBe(true);
      expect(await next.execute(sqlJob(next, 'create table good ()'))).toMatchObject({
        status: 'applied',
      });
      expect(await two.history.versions()).toMatchObject([{ fence: next.fence, state: 'applied' }]);
      expect((await other.query("select to_regclass('late') r")).rows).toEqual([{ r: null }]);
    },
  );

  it('a successor waits for work that still goes on under a lease that ran out', async () => {
    const [one, two] = [await open('lease'), await open('lease')];
    const session = await acquire(one, 0, 400);
    const running = session.execute(sqlJob(session, 'create table long (); select pg_sleep(2)'));
    await sleep(900);
    await expect(acquire(two, 300)).rejects.toMatchObject({ code: 'GODWIT_LOCK_HELD' });
    expect(await running).toMatchObject({ status: 'applied' });
    await session.release();
    const next = await acquire(two, 3_000);
    expect(await two.history.versions()).toMatchObject([{ state: 'applied' }]);
    await next.release();
  });

  it('finds out in lease mode too what a cut connection did, and records it', async () => {
    const driver = await open('lease');
    const session = await acquire(driver);
    const running = session.execute(sqlJob(session, 'create table half (); select pg_sleep(20)'));
    await sleep(400);
    await other.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where query like '%half%' and pid <> pg_backend_pid()`,
    );
    expect(await running).toMatchObject({ status: 'failed', effect: 'none', recorded: true });
    const { rows } = await other.query(
      "select count(*)::int n from pg_locks where locktype = 'advisory'",
    );
    expect(rows).toEqual([{ n: 0 }]);
  });
});
