import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MongoBackfills } from '../../../src/drivers/mongodb/backfill/backfills.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { addOne, jobOf, openBackfillsAt, RESUME, runLoop } from './backfill-kit.ts';

let server: TestMongod;
let client: MongoClient;
let db: Db;
let backfills: MongoBackfills;

beforeAll(async () => {
  server = await startMongod();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  const url = server.databaseUrl();
  client = await new MongoClient(url).connect();
  db = client.db();
  backfills = await openBackfillsAt(url);
  return async () => {
    await backfills.close();
    await client.close();
  };
});

async function fill(count: number): Promise<void> {
  const things = Array.from({ length: count }, (_, i) => ({ n: i, i, text: `t${i}` }));
  await db.collection('things').insertMany(things);
}

const wrong = (): Promise<number> =>
  db.collection('things').countDocuments({ $expr: { $ne: ['$n', { $add: ['$i', 1] }] } });

describe('a backfill of MongoDB', () => {
  it('computes in the database, every row once', async () => {
    await fill(1234);
    const job = jobOf();
    const head = await backfills.begin(job, RESUME);
    expect(head).toMatchObject({ state: 'running', total: 1234, exact: true, generation: 1 });
    await runLoop(backfills, job);
    expect(await wrong()).toBe(0);
    expect(await backfills.head(job.ledger)).toMatchObject({
      state: 'complete',
      guarantee: 'exactly-once',
      progress: { rows: 1234, changed: 1234, chunksOpen: 0, cut: true, retries: 0, poisoned: 0 },
    });
    await runLoop(backfills, job);
    expect(await wrong()).toBe(0);
  });

  it('transforms in JavaScript, every row once, in both orders', async () => {
    await fill(1000);
    for (const order of ['ascending', 'descending'] as const) {
      const job = jobOf({ ledger: order, change: { type: 'transform' }, order, fields: ['n'] });
      await backfills.begin(job, RESUME);
      await runLoop(backfills, job, { transform: addOne, size: 77 });
      expect((await backfills.head(order))?.progress).toMatchObject({ rows: 1000, changed: 1000 });
    }
    expect(await db.collection('things').countDocuments({ $expr: { $eq: ['$n', { $add: ['$i', 2] }] } })).toBe(1000);
  });
});
