import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { among, rounds, SOAK } from '../../support/rounds.ts';
import { type ChildWork, killAtRandom, Worker } from '../backfill-workers.ts';
import { KILL_JOBS, type KillMode, phoneOf } from './backfill-jobs.ts';
import { jobOf, openBackfillsAt, RESUME } from './backfill-kit.ts';

const ROWS = 6000;
const KILLS = 3;
/** In `npm run soak`, with each number of processes. */
const SOAK_KILLS = 100;

let server: TestMongod;
let client: MongoClient;
beforeAll(async () => {
  server = await startMongod({ own: true });
  client = await new MongoClient(server.uri).connect();
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

async function fill(db: Db): Promise<void> {
  const rows = Array.from({ length: ROWS }, (_, i) => ({ n: i, i, phone: phoneOf(i), app: 0 }));
  await db.collection('things').insertMany(rows);
}

/** Changes, adds and takes away rows until it is told to stop. */
function application(db: Db): { stop(): Promise<{ increments: number }> } {
  const things = db.collection('things');
  let going = true;
  let increments = 0;
  const running = (async () => {
    for (let step = 0; going; step++) {
      const i = Math.floor(Math.random() * ROWS);
      const { modifiedCount } = await things.updateOne({ i, late: null }, { $inc: { app: 1 } });
      increments += modifiedCount;
      if (step % 10 === 0) await things.insertOne({ n: 0, i: 0, phone: phoneOf(0), late: true });
      if (step % 25 === 0) await things.deleteOne({ late: true });
      await sleep(1);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await running;
      return { increments };
    },
  };
}

async function expectExact(db: Db, mode: KillMode, workers: number): Promise<void> {
  const things = db.collection('things');
  const early = { late: null };
  expect(await things.countDocuments(early), `${mode} ${workers}`).toBe(ROWS);
  const wrong = await things
    .find({ ...early, $expr: { $ne: ['$n', { $add: ['$i', 1] }] } })
    .limit(3)
    .toArray();
  expect(wrong, `${mode} with ${workers} workers`).toEqual([]);
  if (mode === 'set') return;
  const phones = await things.find(early, { projection: { i: 1, phone: 1 } }).toArray();
  const bad = phones.filter(
    ({ i, phone }) => phone !== `+1${phoneOf(i as number).replace(/\D/g, '')}`,
  );
  expect(bad).toEqual([]);
}

const workOf = (mode: string, url: string): ChildWork => ({ database: 'mongodb', mode, url });

describe('workers that are killed', () => {
  const killed = new Map<number, number>();
  // Without the soak each kind of work with another number of processes; one alone has few
  // ways to go wrong.
  const modes = Object.keys(KILL_JOBS) as KillMode[];
  for (const [place, workers] of among([...[1, 2, 4].entries()], (all) => all.slice(1))) {
    for (const mode of among(modes, (all) => all.filter((_, at) => at % 3 === place))) {
      it(`${mode}: ${workers} of them change each row once, beside an application`, async () => {
        for (let round = 0; round < rounds(1, 13); round++) {
          const url = server.databaseUrl();
          const db = client.db(new URL(url).pathname.slice(1));
          await fill(db);
          const job = jobOf(KILL_JOBS[mode]);
          const backfills = await openBackfillsAt(url);
          await backfills.begin(job, RESUME);
          const app = application(db);
          const kills = { workers, kills: KILLS, withinMs: 200 };
          const hit = await killAtRandom(workOf(mode, url), kills);
          killed.set(workers, (killed.get(workers) ?? 0) + hit);
          const { increments } = await app.stop();
          await expectExact(db, mode, workers);
          const [sum] = await db
            .collection('things')
            .aggregate([{ $match: { late: null } }, { $group: { _id: 0, app: { $sum: '$app' } } }])
            .toArray();
          expect(sum?.['app']).toBe(increments);
          const head = await backfills.head(job.ledger);
          expect(head).toMatchObject({ state: 'complete', progress: { chunksOpen: 0 } });
          expect(head?.progress.changed).toBe(ROWS);
          await backfills.close();
          await db.dropDatabase();
        }
      });
    }
  }

  it.runIf(SOAK)('were killed often enough, at work', () => {
    console.info('kills at work, by number of processes:', Object.fromEntries(killed));
    for (const count of killed.values()) expect(count).toBeGreaterThanOrEqual(SOAK_KILLS);
  });

  it('one that is only paused loses its chunks, and commits nothing of them afterwards', async () => {
    for (let round = 0; round < rounds(1, 5); round++) {
      const url = server.databaseUrl();
      const db = client.db(new URL(url).pathname.slice(1));
      await fill(db);
      const paused = new Worker(workOf('transform', url));
      await paused.begun;
      await sleep(Math.random() * 100);
      paused.pause();
      const other = new Worker(workOf('transform', url));
      await other.finish();
      await expectExact(db, 'transform', 2);
      paused.goOn();
      await paused.finish();
      await expectExact(db, 'transform', 2);
      await db.dropDatabase();
    }
  });

  it.runIf(SOAK)('would change rows twice with what people write instead', async () => {
    let doubled = 0;
    for (let round = 0; round < 5 && doubled === 0; round++) {
      const url = server.databaseUrl();
      const db = client.db(new URL(url).pathname.slice(1));
      await fill(db);
      await killAtRandom(workOf('naive', url), { workers: 1, kills: KILLS, withinMs: 200 });
      doubled = await db
        .collection('things')
        .countDocuments({ $expr: { $ne: ['$n', { $add: ['$i', 1] }] } });
      await db.dropDatabase();
    }
    expect(doubled).toBeGreaterThan(0);
  });
});
