import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { ACTOR, acquireOptions, ended, header, job, openTest } from './kit.ts';

describe.each([true, false])(
  'after a holder that did not release (replica set: %s)',
  (replicaSet) => {
    let server: TestMongod;
    let outside: MongoClient;
    beforeAll(async () => {
      server = await startMongod({ replicaSet });
      outside = await new MongoClient(server.uri).connect();
    });
    afterAll(async () => {
      await outside.close();
      await server.stop();
    });

    /** A first holder whose lease is taken away behind its back, so that it notices nothing. */
    async function stale(leaseMs = 60_000) {
      const driver = await openTest(server.databaseUrl());
      const session = await driver.acquire(acquireOptions({ leaseMs }));
      await session.append([ended(header('1', session.fence))], []);
      const holder = await driver.lockHolder();
      if (!holder) throw new Error('nobody');
      const other = await openTest(server.databaseUrl(driver.target.database));
      const db = outside.db(driver.target.database);
      return { driver, session, holder, other, db };
    }

    it('the next write of the stale one fails, whatever kind it is', async () => {
      for (const transaction of replicaSet ? (['auto', 'always'] as const) : (['auto'] as const)) {
        const { driver, session, holder, other, db } = await stale();
        await other.breakLock(holder);
        const next = await other.acquire(acquireOptions());
        const outcome = await session.execute(
          job(header('2', session.fence), ({ db }) => db.collection('a').insertOne({}), {
            transaction,
          }),
        );
        expect(outcome).toMatchObject({
          status: 'failed',
          recorded: false,
          error: { code: 'GODWIT_LOCK_LOST' },
        });
        expect(session.lost.aborted).toBe(true);
        expect(await db.collection('a').countDocuments()).toBe(0);
        await expect(session.append([ended(header('3', 1))], [])).rejects.toMatchObject({
          code: 'GODWIT_LOCK_LOST',
        });
        expect((await other.history.versions()).map(({ version }) => version)).toEqual(['1']);
        // What the stale one does at its end frees nothing that is not its own.
        await driver.close();
        expect(await other.lockHolder()).toMatchObject({ fence: next.fence });
        await other.close();
      }
    });

    it('also when its last record was lost with a primary', async () => {
      const { driver, session, holder, other, db } = await stale();
      await db.collection<{ _id: number }>('godwit_history').deleteOne({ _id: 1 });
      await other.breakLock(holder);
      await other.acquire(acquireOptions());
      await expect(session.append([ended(header('2', 1))], [])).rejects.toMatchObject({
        code: 'GODWIT_LOCK_LOST',
      });
      expect(await other.history.events()).toEqual([]);
      await driver.close();
      await other.close();
    });

    it('also when the first successor died before it had done anything', async () => {
      const { driver, session, holder, other, db } = await stale();
      await other.breakLock(holder);
      // Took the lock, and was gone before it wrote to the log.
      await db.collection<{ _id: string }>('godwit_lock').updateOne({ _id: 'lock' }, [
        {
          $set: {
            fence: 2,
            owner: { by: ACTOR, command: 'up', since: '$$NOW', expiresAt: '$$NOW' },
          },
        },
      ]);
      const third = await openTest(server.databaseUrl(driver.target.database));
      const next = await third.acquire(acquireOptions());
      expect(next.fence).toBe(3);
      await expect(session.append([ended(header('2', 1))], [])).rejects.toMatchObject({
        code: 'GODWIT_LOCK_LOST',
      });
      await next.append([ended(header('2', 3))], []);
      expect((await third.history.versions()).map(({ fence }) => fence)).toEqual([1, 3]);
      await next.release();
      // All is settled: the next one has nothing to use up.
      const before = (await db.collection('godwit_history').find().toArray()).length;
      await (await third.acquire(acquireOptions())).release();
      expect(await db.collection('godwit_history').countDocuments()).toBe(before);
      for (const one of [driver, other, third]) await one.close();
    });

    it('a waiter can be told to stop, and says who it waited for', async () => {
      const { driver, other } = await stale();
      const controller = new AbortController();
      const began = performance.now();
      setTimeout(() => controller.abort(), 150);
      await expect(
        other.acquire(acquireOptions({ timeoutMs: 60_000, signal: controller.signal })),
      ).rejects.toMatchObject({ code: 'GODWIT_STOPPED' });
      expect(performance.now() - began).toBeLessThan(20_000);
      await expect(other.acquire(acquireOptions({ timeoutMs: 300 }))).rejects.toThrow(
        /tester@test .* running up since/,
      );
      await driver.close();
      await other.close();
    });

    it('a history of a newer godwit is refused, not misread', async () => {
      const { driver, other, db } = await stale();
      await db
        .collection<{ _id: number; v: number }>('godwit_history')
        .updateOne({ _id: 1 }, { $set: { v: 2 } });
      await expect(other.history.versions()).rejects.toMatchObject({
        code: 'GODWIT_HISTORY_NEWER',
      });
      await expect(other.history.events()).rejects.toMatchObject({ code: 'GODWIT_HISTORY_NEWER' });
      expect(
        (await other.diagnose()).find(({ code }) => code === 'mongodb.history')?.severity,
      ).toBe('error');
      await driver.close();
      await other.close();
    });
  },
);
