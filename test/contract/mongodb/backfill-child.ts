/**
 * A worker in a process of its own, to be killed: `backfill-child.ts <mode> <url> <root>`.
 * Says `chunk` after each chunk, and `complete` at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { changePhone, KILL_JOBS, type KillMode } from './backfill-jobs.ts';
import { jobOf, openBackfillsAt, RESUME, runLoop } from './backfill-kit.ts';

const [mode = 'set', url = ''] = process.argv.slice(2);
const say = (text: string): unknown => process.stdout.write(`${text}\n`);

if (mode === 'naive') await naive();
else {
  const backfills = await openBackfillsAt(url);
  const job = jobOf(KILL_JOBS[mode as KillMode]);
  await backfills.begin(job, RESUME);
  await runLoop(backfills, job, { size: 40, transform: changePhone, onChunk: () => say('chunk') });
  say('complete');
  await backfills.close();
}

/** What people write: change a batch, then note how far one came. */
async function naive(): Promise<void> {
  const client = await new MongoClient(url).connect();
  const db = client.db();
  for (;;) {
    const place = await db.collection('place').findOne({});
    const filter = place ? { _id: { $gt: place['at'] } } : {};
    const rows = await db.collection('things').find(filter).sort({ _id: 1 }).limit(40).toArray();
    const last = rows.at(-1);
    if (last === undefined) break;
    for (const row of rows) {
      const $set = { n: row['n'] + 1 };
      await db.collection('things').updateOne({ _id: row._id }, { $set });
    }
    await sleep(1);
    await db.collection('place').updateOne({}, { $set: { at: last._id } }, { upsert: true });
    say('chunk');
  }
  say('complete');
  await client.close();
}
