import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../src/ports/driver.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { hasPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { acquire, openPostgres, sqlJob } from './kit.ts';

describe.skipIf(!hasPgbouncer()).each(['transaction', 'session'] as const)(
  'behind PgBouncer in %s mode',
  (mode) => {
    let server: TestPostgres;
    let pooler: Pgbouncer;
    let url: string;
    let drivers: Driver[];
    beforeAll(async () => {
      server = await startPostgres({ version: 'embedded' });
      pooler = await startPgbouncer(server, mode);
    });
    afterAll(async () => {
      await pooler?.stop();
      await server.stop();
    });
    beforeEach(async () => {
      url = pooler.through(await server.createDatabase());
      drivers = [];
    });
    afterEach(async () => {
      for (const driver of drivers) await driver.close();
    });

    const open = async (more = {}): Promise<Driver> => {
      const driver = await openPostgres(url, more);
      drivers.push(driver);
      return driver;
    };

    it('chooses the lock that works, and one waits for the other', async () => {
      const [one, two] = [await open(), await open()];
      const first = await acquire(one);
      expect(one.capabilities.lease).toBe(mode === 'transaction');
      expect((await two.lockHolder())?.alive).toBe(true);
      await expect(acquire(two)).rejects.toMatchObject({ code: 'GODWIT_LOCK_HELD' });
      const waiting = acquire(two, 10_000);
      expect(await first.execute(sqlJob(first, 'create table a ()'))).toMatchObject({
        status: 'applied',
      });
      await first.release();
      const second = await waiting;
      expect(second.fence).toBeGreaterThan(first.fence);
      expect(await two.history.versions()).toMatchObject([{ state: 'applied' }]);
    });

    it.runIf(mode === 'transaction')(
      'leaves no session lock on a server that the pooler lends to somebody else meanwhile',
      async () => {
        const direct = await server.createDatabase();
        url = pooler.through(direct);
        const session = await acquire(await open({ lock: 'advisory' }));
        const [app, watch] = [new pg.Client(url), new pg.Client(direct)];
        for (const client of [app, watch]) await client.connect();
        const locks = "select pid from pg_locks where locktype = 'advisory' and granted";
        const [held] = (await watch.query(locks)).rows;
        await app.query('begin');
        expect((await app.query('select pg_backend_pid() as pid')).rows).toEqual([held]);
        const committed = sleep(50).then(() => app.query('commit'));
        await session.release();
        await committed;
        expect((await watch.query(locks)).rows).toEqual([]);
        for (const client of [app, watch]) await client.end();
      },
    );

    it('leaks no setting, and builds an index outside a transaction', async () => {
      const driver = await open();
      const session = await acquire(driver);
      const run = (version: string, text: string) =>
        session.execute(sqlJob(session, text, { version }));
      const dirty = `set search_path to ''; set statement_timeout=77; set lock_timeout=66; create table public.t (n int)`;
      expect(await run('1', dirty)).toMatchObject({ status: 'applied' });
      const built = await run('2', 'create index concurrently i on t (n); select 1');
      expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'applied' });
      const clients = await Promise.all(
        [1, 2, 3].map(async () => {
          const client = new pg.Client({ connectionString: url });
          await client.connect();
          await client.query('begin');
          return client;
        }),
      );
      for (const client of clients) {
        const { rows } = await client.query(
          `select current_setting('statement_timeout') s, current_setting('lock_timeout') l,
            current_setting('search_path') = '' p`,
        );
        expect(rows).toEqual([{ s: '0', l: '0', p: false }]);
        await client.end();
      }
    });

    it("a role's time-out ends a build only where no session can be told otherwise", async () => {
      const direct = await server.createDatabase();
      const name = new URL(direct).pathname.slice(1);
      const [old, other] = [new pg.Client(direct), new pg.Client(direct)];
      for (const client of [old, other]) {
        client.on('error', () => {});
        await client.connect();
      }
      await other.query('create table t (n int)');
      const role = `alter role postgres in database ${name}`;
      await other.query(`${role} set statement_timeout = '1s'`);
      url = pooler.through(direct);
      const session = await acquire(await open());
      await old.query('begin; insert into t values (1)');
      setTimeout(() => void old.query('commit'), 2_200);
      const text = 'create index concurrently i on t (n);';
      const outcome = await session.execute(sqlJob(session, text));
      if (mode === 'transaction') {
        expect(outcome).toMatchObject({ status: 'failed' });
        expect(outcome.error?.message).toContain('statement timeout');
        // By then nobody is in the way: what is left of the index is built again.
        await other.query('select pg_sleep(1.5)');
        const again = await session.execute(sqlJob(session, text));
        expect(again, JSON.stringify(again.error)).toMatchObject({ status: 'applied' });
      } else expect(outcome, JSON.stringify(outcome.error)).toMatchObject({ status: 'applied' });
      const { rows } = await other.query(
        `select indisvalid v from pg_index where indexrelid = 'i'::regclass`,
      );
      expect(rows).toEqual([{ v: true }]);
      for (const client of [old, other]) await client.end();
    });

    it('asks for a direct URL where statements need a session', async () => {
      const session = await acquire(await open());
      const outcome = await session.execute(
        sqlJob(session, "set work_mem = '8MB';\ncreate table a ()", {
          sql: { transaction: 'never' },
        }),
      );
      if (mode === 'session') expect(outcome).toMatchObject({ status: 'applied' });
      else {
        expect(outcome).toMatchObject({ status: 'failed', effect: 'none' });
        expect(outcome.error).toMatchObject({ code: 'GODWIT_UNSUPPORTED', where: { line: 1 } });
        expect(outcome.error?.next?.join()).toContain('direct url');
      }
    });
  },
);
