/**
 * A worker in a process of its own, to be killed: `backfill-child.ts <mode> <url>`. Says
 * `chunk` after its first chunk, and `complete` at the end.
 */
import pg from 'pg';
import { changePhone, KILL_JOBS, type KillMode } from './backfill-jobs.ts';
import { BEGIN, drain, openDriver } from './backfill-kit.ts';

const [mode = 'set', url = ''] = process.argv.slice(2);
const say = (text: string): unknown => process.stdout.write(`${text}\n`);

if (mode === 'naive') await naive();
else {
  const driver = await openDriver(url);
  const backfills = await driver.backfills?.({ connections: 3 });
  if (!backfills) throw new Error('no backfills');
  const job = KILL_JOBS[mode as KillMode];
  await backfills.begin(job, BEGIN);
  await drain(backfills, job, {
    size: 40,
    lanes: 2,
    draw: changePhone,
    onChunk: () => say('chunk'),
  });
  await backfills.end(job.ledger, 'complete', {});
  say('complete');
  await backfills.close();
  await driver.close();
}

/** What people write: change a batch, then note how far one came. */
async function naive(): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create table if not exists place (at int)');
  for (;;) {
    const { rows: place } = await client.query('select max(at) as at from place');
    const { rows } = await client.query('select i from things where i > $1 order by i limit 40', [
      place[0].at ?? 0,
    ]);
    const last = rows.at(-1);
    if (last === undefined) break;
    await client.query('update things set n = n + 1 where i = any($1)', [rows.map(({ i }) => i)]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await client.query('insert into place values ($1)', [last.i]);
    say('chunk');
  }
  say('complete');
  await client.end();
}
