import { randomUUID } from 'node:crypto';
import type { BackfillJob, Chunk, KeyValue } from '../../../ports/backfill-job.ts';
import type { SimpleResult } from '../connection.ts';
import { literal } from '../text.ts';
import type { TokenChunk } from './claimed.ts';
import { aliveSql } from './head.ts';
import { castKeyOf, keyOrder, keyRow, parseKey } from './key-sql.ts';
import type { Place } from './place.ts';
import type { Target } from './target.ts';

/**
 * One message: first a chunk that waits or whose worker is gone; when there is none the
 * ledger is locked for a moment and the next range is cut.
 */
export async function claim(
  place: Place,
  job: BackfillJob,
  worker: string,
  size: number,
): Promise<Chunk | undefined> {
  const target = await place.target(job);
  const token = randomUUID();
  const results = await place.pool.run(
    [
      takeOpen(place, job, worker, token),
      lockLedger(place, job, token),
      cutNext(place, job, target, { worker, token, size }),
    ].join(';'),
  );
  return toChunk(job, token, results[0]) ?? toChunk(job, token, results[2]);
}

function runningSql(): string {
  return `l.state = 'running' and not coalesce((l.control->>'paused')::boolean, false)`;
}

function takeOpen(place: Place, job: BackfillJob, worker: string, token: string): string {
  const t = place.tables;
  const ledger = literal(job.ledger);
  const known = `exists (select 1 from ${t.worker} w where w.ledger = c.ledger and w.id = c.worker`;
  // A worker that never told of itself is given as long as one that stopped to.
  const abandoned = `c.state = 'claimed' and not ${known} and ${aliveSql(place, 'w')})
    and (${known}) or c.claimed_at < pg_catalog.clock_timestamp() - interval '15 seconds')`;
  return `with w as (
  select c.n from ${t.chunk} c where c.ledger = ${ledger} and c.state in ('waiting', 'claimed')
    and (c.state = 'waiting' or (${abandoned}))
    and exists (select 1 from ${t.ledger} l where l.ledger = ${ledger} and l.generation = c.generation and ${runningSql()})
  order by c.n limit 1 for update of c skip locked)
update ${t.chunk} c set state = 'claimed', worker = ${literal(worker)}, token = ${literal(token)},
  attempts = c.attempts + (case when c.state = 'claimed' then 1 else 0 end),
  claimed_at = pg_catalog.clock_timestamp()
from w where c.n = w.n returning c.n, c.after, c.upto, c.keys, c.attempts`;
}

/** True while this claim has nothing yet and there is something to cut. */
function cuttable(place: Place, job: BackfillJob, token: string): string {
  return `l.ledger = ${literal(job.ledger)} and not l.cut and ${runningSql()}
  and not exists (select 1 from ${place.tables.chunk} c where c.ledger = l.ledger
    and c.state in ('waiting', 'claimed') and c.token = ${literal(token)})`;
}

function lockLedger(place: Place, job: BackfillJob, token: string): string {
  return `select 1 from ${place.tables.ledger} l where ${cuttable(place, job, token)} for update`;
}

/**
 * By a seek in the key's index: from the frontier so many keys on, or to the bound. Locks
 * the ledger too: it may have been paused when the statement before wanted to.
 */
function cutNext(
  place: Place,
  job: BackfillJob,
  target: Target,
  { worker, token, size }: { worker: string; token: string; size: number },
): string {
  const t = place.tables;
  const [more, upTo] = target.descending ? ['<', '>='] : ['>', '<='];
  const row = keyRow(target);
  const within = `${row} ${upTo} ${castKeyOf(target, 'bound', 'l')}`;
  const beyond = `${row} ${more} ${castKeyOf(target, 'frontier', 'l')}`;
  const start = target.descending ? ` and ${row} <= ${castKeyOf(target, 'first', 'l')}` : '';
  const names = target.key.map((_, at) => `k${at}`);
  const columns = target.key.map(({ sql }, at) => `${sql} as k${at}`).join(', ');
  // Only the key that is found is made into what is kept of it.
  const seek = (condition: string): string =>
    `(select pg_catalog.jsonb_build_array(${names.map((name) => `s.${name}::text`).join()}) as key
    from (select ${columns} from ${target.table} where ${condition} order by ${keyOrder(target)}
      limit 1 offset ${Math.max(0, Math.round(size) - 1)}) s)`;
  return `with l as materialized (select * from ${t.ledger} l where ${cuttable(place, job, token)} for update),
e as materialized (
  ${seek(`(select frontier is null from l) and ${within}${start}`)}
  union all ${seek(`(select frontier is not null from l) and ${beyond} and ${within}`)}),
n as materialized (select l.*, coalesce(e.key, l.bound) as upto from l left join e on true),
u as (update ${t.ledger} x set frontier = n.upto, cut = n.upto = n.bound from n where x.ledger = n.ledger)
insert into ${t.chunk} (ledger, generation, sweep, state, after, upto, worker, token, claimed_at)
select n.ledger, n.generation, n.sweep, 'claimed', n.frontier, n.upto, ${literal(worker)}, ${literal(token)},
  pg_catalog.clock_timestamp() from n
returning n, after, upto, keys, attempts`;
}

function toChunk(
  job: BackfillJob,
  token: string,
  result: SimpleResult | undefined,
): TokenChunk | undefined {
  const row = result?.rows[0];
  if (!row) return undefined;
  const [n, after, to, keys, attempts] = row;
  const from = parseKey(after);
  const upTo = parseKey(to);
  return {
    ledger: job.ledger,
    n: Number(n),
    ...(from && { after: from }),
    ...(upTo && { to: upTo }),
    ...(keys != null && { keys: JSON.parse(keys) as KeyValue[] }),
    attempts: Number(attempts),
    token,
  };
}
