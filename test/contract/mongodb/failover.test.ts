import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldHistory } from '../../../src/core/fold.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { acquireOptions, header, job, openTest } from './kit.ts';

describe('a primary that steps down in mid-run', () => {
  let server: TestMongod;
  let admin: MongoClient;
  beforeAll(async () => {
    server = await startMongod({ members: 3 });
    admin = await new MongoClient(server.uri).connect();
  });
  afterAll(async () => {
    await admin.close();
    await server.stop();
  });
  /** Until one that agrees is found: after an earlier change others may not be ready yet. */
  const stepDown = async (): Promise<void> => {
    const command = { replSetStepDown: 5, secondaryCatchUpPeriodSecs: 2 };
    for (;;) {
      const done = await admin
        .db('admin')
        .command(command)
        .catch(() => undefined);
      if (done) return;
      await sleep(100);
    }
  };

  async function expectTruth(driver: Driver): Promise<void> {
    const events = await driver.history.events();
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(await driver.history.versions()).toEqual(foldHistory(events));
  }

  it.each(['auto', 'always'] as const)(
    'goes on with the next primary (transaction: %s)',
    async (transaction) => {
      const driver = await openTest(server.databaseUrl(), { connectTimeoutMs: 5000 });
      const session = await driver.acquire(acquireOptions({ leaseMs: 15_000 }));
      let stepped = false;
      const outcome = await session.execute(
        job(
          header('1', session.fence),
          async ({ db }) => {
            await db.collection('a').insertOne({ x: 1 });
            if (!stepped) {
              stepped = true;
              await stepDown();
              await sleep(200);
            }
            await db.collection('a').insertOne({ x: 2 });
          },
          { transaction },
        ),
      );
      expect(outcome, JSON.stringify(outcome)).toMatchObject({ status: 'applied', recorded: true });
      const found = await admin.db(driver.target.database).collection('a').find().toArray();
      expect(found.map(({ x }) => x)).toEqual([1, 2]);
      await expectTruth(driver);
      await session.release();
      await driver.close();
    },
  );

  it('writes `started` again when it was rolled back', async () => {
    const driver = await openTest(server.databaseUrl(), { connectTimeoutMs: 5000 });
    const session = await driver.acquire(acquireOptions({ leaseMs: 20_000 }));
    const name = driver.target.database;
    const outcome = await session.execute(
      job(header('1', session.fence), async ({ db }) => {
        // What a rollback does, without waiting for one: the record is gone, the primary another.
        await admin
          .db(name)
          .collection('godwit_history')
          .deleteMany({}, { writeConcern: { w: 'majority' } });
        await stepDown();
        await sleep(200);
        await db.collection('a').insertOne({ x: 1 });
        const log = await admin.db(name).collection('godwit_history').find().toArray();
        expect(log).toMatchObject([{ _id: 1, event: 'started', v: 1 }]);
      }),
    );
    expect(outcome.error).toBeUndefined();
    expect((await driver.history.events()).map(({ event, seq }) => [event, seq])).toEqual([
      ['started', 1],
      ['ended', 2],
    ]);
    await expectTruth(driver);
    await driver.close();
  });
});
