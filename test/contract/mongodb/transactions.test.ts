import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GodwitEvent } from '../../../src/events.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import type { Session } from '../../../src/ports/session.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { acquireOptions, type Ctx, header, job, openTest } from './kit.ts';

describe('transactions', () => {
  let server: TestMongod;
  let driver: Driver;
  let session: Session;
  let outside: MongoClient;
  const always = { transaction: 'always' } as const;
  beforeAll(async () => {
    server = await startMongod({
      own: true,
      parameters: { enableTestCommands: '1', transactionLifetimeLimitSeconds: '2' },
    });
    outside = await new MongoClient(server.uri).connect();
  });
  afterAll(async () => {
    await outside.close();
    await server.stop();
  });
  beforeEach(async () => {
    driver = await openTest(server.databaseUrl());
    session = await driver.acquire(acquireOptions());
    return async () => driver.close();
  });
  const up = (step: (ctx: Ctx) => unknown, more: Parameters<typeof job>[2] = {}, version = '1') =>
    session.execute(job(header(version, session.fence), step, { ...always, ...more }));
  const db = () => outside.db(driver.target.database);
  const failNext = (data: object, times = 1) =>
    outside.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });

  it('commits work and record together, without a session in user code', async () => {
    const outcome = await up(async ({ db, client, session }) => {
      await Promise.all([
        db.collection('a').insertOne({ x: 1 }),
        db.collection('a').insertOne({ x: 2 }),
      ]);
      const bulk = db.collection('a').initializeOrderedBulkOp();
      bulk.insert({ x: 3 });
      await bulk.execute();
      expect(await db.collection('a').countDocuments()).toBe(3);
      expect(await db.collection('a').find().toArray()).toHaveLength(3);
      expect(await outside.db(db.databaseName).collection('a').countDocuments()).toBe(0);
      expect(session?.inTransaction()).toBe(true);
      expect(client).toBeInstanceOf(MongoClient);
      await client.close();
    });
    expect(outcome).toMatchObject({
      status: 'applied',
      transactional: true,
      recorded: true,
      counts: { a: { inserted: 3 } },
    });
    expect(await db().collection('a').countDocuments()).toBe(3);
    expect((await driver.history.events()).map(({ event }) => event)).toEqual(['ended']);
  });

  it('rolls back what failed, records it, and goes on', async () => {
    const failed = await up(async ({ db }) => {
      await db.collection('a').insertOne({ x: 1 });
      throw new Error('no further');
    });
    expect(failed).toMatchObject({ status: 'failed', effect: 'none', recorded: true });
    expect(failed.error).toMatchObject({ code: 'GODWIT_MIGRATION_FAILED', message: 'no further' });
    expect(await db().collection('a').countDocuments()).toBe(0);
    const verified = await up(({ db }) => db.collection('a').insertOne({ x: 1 }), {
      check: async ({ db }) => {
        expect(await db.collection('a').countDocuments()).toBe(1);
        throw new Error('not good');
      },
    });
    expect(verified.error?.code).toBe('GODWIT_VERIFY_FAILED');
    expect(await db().collection('a').countDocuments()).toBe(0);
    expect(await up(({ db }) => db.collection('a').insertOne({ x: 1 }))).toMatchObject({
      status: 'applied',
    });
    expect((await driver.history.events()).map((e) => e.event === 'ended' && e.status)).toEqual([
      'failed',
      'failed',
      'applied',
    ]);
  });

  it('runs up again when the server says so', async () => {
    const events: GodwitEvent[] = [];
    let attempts = 0;
    const outcome = await up(
      async ({ db }) => {
        attempts++;
        await db.collection('a').insertOne({ x: attempts });
        if (attempts === 1) {
          await failNext({
            failCommands: ['update'],
            errorCode: 112,
            errorLabels: ['TransientTransactionError'],
          });
          await db.collection('a').updateMany({}, { $set: { y: 1 } });
        }
      },
      { events },
    );
    expect(outcome.status).toBe('applied');
    expect(attempts).toBe(2);
    expect(events).toMatchObject([{ type: 'run.retrying', attempt: 1 }]);
    expect(await db().collection('a').find().toArray()).toMatchObject([{ x: 2 }]);
  });

  it.each([91, 64])(
    'finds out how a commit with an unclear answer (%d) ended',
    async (errorCode) => {
      await failNext({
        failCommands: ['commitTransaction'],
        ...(errorCode === 91
          ? { closeConnection: true }
          : { writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } }),
      });
      const outcome = await up(({ db }) => db.collection('a').insertOne({ x: 1 }));
      expect(outcome).toMatchObject({ status: 'applied', recorded: true });
      expect(await db().collection('a').countDocuments()).toBe(1);
      expect(await driver.history.versions()).toMatchObject([{ state: 'applied' }]);
    },
  );

  it('says that it took too long', async () => {
    const outcome = await up(async ({ db }) => {
      await db.collection('a').insertOne({ x: 1 });
      await new Promise((resolve) => setTimeout(resolve, 4500));
      await db.collection('a').insertOne({ x: 2 });
    });
    expect(outcome.error).toMatchObject({ code: 'GODWIT_TRANSACTION_TOO_LONG' });
    expect(outcome).toMatchObject({ effect: 'none', recorded: true });
  });

  it('explains what a transaction refuses', async () => {
    await db().collection('a').insertOne({ x: 1 });
    for (const step of [
      ({ db }: Ctx) => db.collection('a').createIndex({ x: 1 }),
      ({ db }: Ctx) => db.collection('a').drop(),
      ({ db }: Ctx) => db.listCollections().toArray(),
      ({ db }: Ctx) => db.collection('a').rename('b'),
    ]) {
      const outcome = await up(step);
      expect(outcome.error).toMatchObject({ code: 'GODWIT_TRANSACTION_REFUSED' });
      expect(outcome.error?.next?.[0]).toContain('transaction: false');
      expect(outcome).toMatchObject({ effect: 'none', recorded: true });
    }
  });

  it('names the error that ended a transaction, also when it was caught', async () => {
    const events: GodwitEvent[] = [];
    await db().collection('a').insertOne({ x: 1 });
    const outcome = await up(
      async ({ db }) => {
        await db
          .collection('a')
          .drop()
          .catch(() => {});
        await db.collection('a').insertOne({ x: 2 });
      },
      { events },
    );
    expect(outcome.error?.code).toBe('GODWIT_TRANSACTION_REFUSED');
    expect(events).toEqual([]);
  });

  it('creates collections and indexes in a transaction', async () => {
    const outcome = await up(async ({ db }) => {
      await db.createCollection('fresh');
      await db.collection('fresh').createIndex({ x: 1 });
      await db.collection('other').insertOne({ x: 1 });
    });
    expect(outcome.error).toBeUndefined();
    expect(await db().collection('fresh').indexes()).toHaveLength(2);
  });

  it('is rolled back by a stop, also in the middle of a long command', async () => {
    await db()
      .collection('a')
      .insertMany(Array.from({ length: 300 }, (_, x) => ({ x })));
    const stop = new AbortController();
    let late: unknown;
    const running = up(
      async ({ db }) => {
        await db.collection('a').insertOne({ x: 'mine' });
        setTimeout(() => stop.abort(), 200);
        await db
          .collection('a')
          .updateMany({ $where: 'sleep(100) || true' }, { $set: { y: 1 } })
          .catch((error: unknown) => {
            late = error;
          });
        await db.collection('a').insertOne({ x: 'never' });
      },
      { stop: stop.signal },
    );
    const began = performance.now();
    const outcome = await running;
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(outcome).toMatchObject({
      status: 'stopped',
      effect: 'none',
      recorded: true,
      error: { code: 'GODWIT_STOPPED' },
    });
    expect(late).toBeInstanceOf(Error);
    expect(
      await db()
        .collection('a')
        .countDocuments({ $or: [{ x: 'mine' }, { y: 1 }] }),
    ).toBe(0);
    expect((await up(({ db }) => db.collection('a').insertOne({ x: 'again' }))).status).toBe(
      'applied',
    );
  });

  it('refuses handles that outlive their run', async () => {
    let kept: Ctx | undefined;
    await up((ctx) => {
      kept = ctx;
    });
    await expect(kept?.db.collection('a').insertOne({ x: 1 })).rejects.toMatchObject({
      code: 'GODWIT_STOPPED',
    });
    expect(() => kept?.db.collection('a').find()).toThrow(/has ended/);
  });

  it('leaves a session of the migration alone', async () => {
    const outcome = await up(async ({ db, client }) => {
      await client.withSession((own) =>
        own.withTransaction(() => db.collection('a').insertOne({ x: 'own' }, { session: own })),
      );
      throw new Error('rolled back');
    });
    expect(outcome.effect).toBe('none');
    expect(await db().collection('a').countDocuments()).toBe(1);
  });
});

it('refuses transactions on a standalone before it starts', async () => {
  const server = await startMongod({ replicaSet: false });
  const driver = await openTest(server.databaseUrl());
  expect(driver.capabilities.transactions).toBe(false);
  const session = await driver.acquire(acquireOptions());
  let ran = false;
  const outcome = await session.execute(
    job(
      header('1', session.fence),
      () => {
        ran = true;
      },
      { transaction: 'always' },
    ),
  );
  expect(outcome).toMatchObject({
    status: 'failed',
    effect: 'none',
    error: { code: 'GODWIT_UNSUPPORTED', state: 'Nothing was run.' },
  });
  expect(ran).toBe(false);
  expect(await driver.history.events()).toEqual([]);
  await expect(session.executeTogether([])).rejects.toMatchObject({ code: 'GODWIT_UNSUPPORTED' });
  await driver.close();
  await server.stop();
});
