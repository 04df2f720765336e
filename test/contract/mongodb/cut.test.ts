import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { IN_TIME_MS } from '../../support/in-time.ts';
import { acquireOptions, header, job, openTest } from './kit.ts';
import { CutProxy } from './proxy.ts';

describe.each([true, false])(
  'a connection that is cut in mid-run (replica set: %s)',
  (replicaSet) => {
    let server: TestMongod;
    let proxy: CutProxy;
    let outside: MongoClient;
    beforeAll(async () => {
      server = await startMongod({ replicaSet, own: true });
      proxy = await CutProxy.start(server.port);
      outside = await new MongoClient(server.uri).connect();
    });
    afterAll(async () => {
      await outside.close();
      await proxy.stop();
      await server.stop();
    });
    let databases = 0;
    const url = () => `mongodb://127.0.0.1:${proxy.port}/cut${++databases}?directConnection=true`;
    const modes = replicaSet ? (['auto', 'always'] as const) : (['auto'] as const);

    it.each(modes)('goes on when it comes back (transaction: %s)', async (transaction) => {
      const driver = await openTest(url());
      expect(driver.capabilities.transactions).toBe(replicaSet);
      const session = await driver.acquire(acquireOptions());
      let cuts = 0;
      const outcome = await session.execute(
        job(
          header('1', session.fence),
          async ({ db }) => {
            await db.collection('a').insertOne({ x: 1 });
            if (cuts++ === 0) proxy.cut(false);
            await new Promise((resolve) => setTimeout(resolve, 50));
            await db.collection('a').insertOne({ x: 2 });
          },
          { transaction },
        ),
      );
      const found = await outside.db(driver.target.database).collection('a').find().toArray();
      // A standalone has no retryable writes: there the failure is recorded.
      if (outcome.status === 'applied') expect(found.map(({ x }) => x)).toEqual([1, 2]);
      expect(outcome).toMatchObject({ recorded: true });
      expect((await driver.history.versions()).map(({ state }) => state)).toEqual([outcome.status]);
      await driver.close();
    });

    it.each(modes)('gives up in time when it does not (transaction: %s)', async (transaction) => {
      const driver = await openTest(url(), { connectTimeoutMs: 5000 });
      const session = await driver.acquire(acquireOptions());
      const { database } = driver.target;
      let cutAt = 0;
      const outcome = await session.execute(
        job(
          header('1', session.fence),
          async ({ db }) => {
            await db.collection('a').insertOne({ x: 1 });
            proxy.cut(true);
            cutAt = performance.now();
            await db.collection('a').insertOne({ x: 2 });
          },
          { transaction },
        ),
      );
      expect(outcome).toMatchObject({
        status: 'failed',
        recorded: false,
        error: { code: 'GODWIT_CONNECTION_LOST' },
      });
      await session.release();
      await driver.close();
      expect(performance.now() - cutAt).toBeLessThan(IN_TIME_MS);
      proxy.cut(false);
      const again = await openTest(server.databaseUrl(database));
      const records = await again.history.versions();
      expect(records.map(({ state }) => state)).toEqual(transaction === 'always' ? [] : ['open']);
      // Its process (this one) lives, so the lease is what ends it.
      expect(await again.lockHolder()).toMatchObject({ alive: true });
      await again.close();
    });
  },
);
