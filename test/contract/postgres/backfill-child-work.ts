import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { changePhone, KILL_JOBS, type KillMode } from './backfill-jobs.ts';
import { BEGIN, drain, openDriver } from './backfill-kit.ts';

export async function workOn(mode: KillMode, url: string, onChunk: () => unknown): Promise<void> {
  const driver = await openDriver(url);
  const backfills = await driver.backfills?.({ connections: 3 });
  if (!backfills) throw new Error('no backfills');
  const job = KILL_JOBS[mode];
  await backfills.begin(job, BEGIN);
  await drain(backfills, job, { size: 40, lanes: 2, draw: changePhone, onChunk });
  await backfills.end(job.ledger, 'complete', {});
  await backfills.close();
  await driver.close();
}

/** What people write: change a batch, note how far one came, and try again what failed. */
export async function naive(url: string, onChunk: () => unknown): Promise<void> {
  for (let goingOn = true; goingOn; ) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('create table if not exists place (at int)');
      while (await naiveBatch(client)) onChunk();
      goingOn = false;
    } catch {
      await sleep(100);
    }
    await client.end().catch(() => {});
  }
}

async function naiveBatch(client: pg.Client): Promise<boolean> {
  const { rows: place } = await client.query('select max(at) as at from place');
  const { rows } = await client.query('select i from things where i > $1 order by i limit 40', [
    place[0].at ?? 0,
  ]);
  const last = rows.at(-1);
  if (last === undefined) return false;
  await client.query('update things set n = n + 1 where i = any($1)', [rows.map(({ i }) => i)]);
  // As long as a thought: who is killed now has changed rows that nobody knows of.
  await sleep(5);
  await client.query('insert into place values ($1)', [last.i]);
  return true;
}
