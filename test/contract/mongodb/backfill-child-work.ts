import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { changePhone, KILL_JOBS, type KillMode } from './backfill-jobs.ts';
import { jobOf, openBackfillsAt, RESUME, runLoop } from './backfill-kit.ts';

export async function workOn(mode: KillMode, url: string, onChunk: () => unknown): Promise<void> {
  const backfills = await openBackfillsAt(url);
  const job = jobOf(KILL_JOBS[mode]);
  await backfills.begin(job, RESUME);
  await runLoop(backfills, job, { size: 40, transform: changePhone, onChunk });
  await backfills.close();
}

/** What people write: change a batch, note how far one came, and try again what failed. */
export async function naive(url: string, onChunk: () => unknown): Promise<void> {
  const client = await new MongoClient(url).connect();
  for (let goingOn = true; goingOn; ) {
    try {
      goingOn = await naiveBatch(client.db());
      if (goingOn) onChunk();
    } catch {
      await sleep(100);
    }
  }
  await client.close();
}

const BATCH = 500;

async function naiveBatch(db: Db): Promise<boolean> {
  const things = db.collection('things');
  const place = await db.collection('place').findOne({});
  const filter = place ? { _id: { $gt: place['at'] } } : {};
  const rows = await things.find(filter).sort({ _id: 1 }).limit(BATCH).toArray();
  const last = rows.at(-1);
  if (last === undefined) return false;
  await things.updateMany({ _id: { $in: rows.map(({ _id }) => _id) } }, { $inc: { n: 1 } });
  await db.collection('place').updateOne({}, { $set: { at: last._id } }, { upsert: true });
  return true;
}
