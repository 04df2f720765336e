import type { ErrorInfo } from '../../../errors.ts';
import type { BackfillJob, Chunk } from '../../../ports/backfill-job.ts';
import type { Poisoned } from '../../../ports/backfill-ledger.ts';
import { isMissing } from '../history.ts';
import { jsonLiteral, literal } from '../text.ts';
import { insertPoison, POISON_AGAIN } from './apply-rows.ts';
import { type Claimed, finish, gate, held, mine, type TokenChunk } from './claimed.ts';
import { json, ms } from './head.ts';
import { chunkCondition, keyJson, keyLiteral, keyOrder, parseKey } from './key-sql.ts';
import type { Place } from './place.ts';

/** Keys of poisoned rows that are tried again together. */
const RETRIED = 100;

export async function giveBack(place: Place, chunk: Chunk, error?: ErrorInfo): Promise<void> {
  const attempt =
    error === undefined ? '' : `attempts = attempts + 1, error = ${jsonLiteral(error)},`;
  await place.pool.run(
    `update ${place.tables.chunk} set ${attempt} state = 'waiting', worker = null, token = null
    where ${held(chunk as TokenChunk)}`,
  );
}

export async function letGo(
  place: Place,
  ledger: string,
  worker: string,
  holding: readonly number[],
): Promise<void> {
  const t = place.tables;
  const kept = holding.length === 0 ? '' : `and n not in (${holding.map(Number).join()})`;
  const statements = [
    `update ${t.chunk} set state = 'waiting', worker = null, token = null
    where ledger = ${literal(ledger)} and state = 'claimed' and worker = ${literal(worker)} ${kept}`,
    ...(holding.length === 0
      ? [`delete from ${t.worker} where ledger = ${literal(ledger)} and id = ${literal(worker)}`]
      : []),
  ];
  await place.pool.run(statements.join(';'));
}

/** Into two halves by the keys that are there, whether they match or not. */
export async function split(claimed: Claimed): Promise<boolean> {
  const { place, chunk } = claimed;
  const t = place.tables.chunk;
  const columns = 'ledger, generation, sweep, state, after, upto, keys';
  const head = "c.ledger, c.generation, c.sweep, 'waiting'";
  const halves = chunk.keys ? keyHalves(chunk.keys) : rangeHalves(claimed);
  if (halves === undefined) return false;
  const results = await place.pool.run(
    `select 1 from ${mine(claimed)} for update;
    with m as materialized (${halves.middle}),
    i as (insert into ${t} (${columns})
      select ${head}, v.after, v.upto, v.keys from ${t} c, m, lateral (values ${halves.values}) v(after, upto, keys)
      where c.n = ${chunk.n} and m.key is not null and ${gate(claimed)} returning 1)
    update ${t} set state = 'split', keys = null, done_at = pg_catalog.clock_timestamp()
    where ${held(chunk)} and exists (select 1 from i)`,
  );
  return results.at(-1)?.command === 'UPDATE 1';
}

function keyHalves(
  keys: NonNullable<Chunk['keys']>,
): { middle: string; values: string } | undefined {
  if (keys.length < 2) return undefined;
  const half = Math.ceil(keys.length / 2);
  const list = (part: typeof keys): string => `(null::jsonb, null::jsonb, ${keyLiteral(part)})`;
  return {
    middle: "select '[]'::jsonb as key",
    values: `${list(keys.slice(0, half))}, ${list(keys.slice(half))}`,
  };
}

function rangeHalves({ target, chunk }: Claimed): { middle: string; values: string } {
  const inside = `from ${target.table} where ${chunkCondition(target, chunk)}`;
  const count = `(select count(*) ${inside})`;
  return {
    middle: `select (select ${keyJson(target)} ${inside} order by ${keyOrder(target)}
      limit 1 offset greatest(0, ${count} / 2 - 1)) as key where ${count} > 1`,
    values: `(${keyLiteral(chunk.after)}, m.key, null::jsonb), (m.key, ${keyLiteral(chunk.to)}, null::jsonb)`,
  };
}

/** Ends a chunk of one row, which is set aside. */
export async function poison(claimed: Claimed, error: ErrorInfo): Promise<void> {
  const { place, chunk } = claimed;
  await place.pool.run(
    `select 1 from ${mine(claimed)} for update;
    with p as (${insertPoison(place.tables.poison)}
      select c.ledger, c.generation, k.key, ${jsonLiteral(error)}, c.attempts + 1
      from ${place.tables.chunk} c, (${keysOf(claimed)}) k(key)
      where c.n = ${chunk.n} and ${gate(claimed)} ${POISON_AGAIN} returning 1)
    ${finish(claimed, { poisoned: '(select count(*) from p)', rows: '(select count(*) from p)' })}`,
  );
}

function keysOf({ target, chunk }: Claimed): string {
  if (chunk.keys) return `select pg_catalog.jsonb_array_elements(${keyLiteral(chunk.keys)})`;
  return `select ${keyJson(target)} from ${target.table} where ${chunkCondition(target, chunk)}`;
}

export async function poisoned(place: Place, ledger: string, limit: number): Promise<Poisoned[]> {
  const t = place.tables;
  try {
    const [result] = await place.pool.run(
      `select p.key, p.error, p.attempts, ${ms('p.at')} from ${t.poison} p join ${t.ledger} l using (ledger, generation)
      where p.ledger = ${literal(ledger)} order by p.at, p.key limit ${Math.max(0, Math.round(limit))}`,
    );
    return (result?.rows ?? []).map(([key, error, attempts, at]) => ({
      key: parseKey(key) ?? [],
      error: json<ErrorInfo>(error) as ErrorInfo,
      attempts: Number(attempts),
      at: new Date(Number(at)),
    }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** They become chunks, and a ledger that had ended goes on. */
export async function retryPoisoned(place: Place, ledger: string): Promise<number> {
  const t = place.tables;
  const name = literal(ledger);
  try {
    const results = await place.pool.run(
      `select 1 from ${t.ledger} where ledger = ${name} for update;
      with l as materialized (select * from ${t.ledger} where ledger = ${name} and state in ('running', 'complete', 'failed')),
      p as (delete from ${t.poison} p using l where p.ledger = l.ledger and p.generation = l.generation returning p.key),
      g as (select pg_catalog.jsonb_agg(key) as keys from
        (select key, (pg_catalog.row_number() over () - 1) / ${RETRIED} as part from p) x group by part),
      i as (insert into ${t.chunk} (ledger, generation, sweep, state, keys)
        select l.ledger, l.generation, l.sweep, 'waiting', g.keys from l, g),
      u as (update ${t.ledger} x set state = 'running', ended_at = null, error = null, summary = null
        from l where x.ledger = l.ledger and exists (select 1 from p))
      select count(*) from p`,
    );
    return Number(results.at(-1)?.rows[0]?.[0] ?? 0);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

export function claimedOf(place: Place, job: BackfillJob, chunk: Chunk): Promise<Claimed> {
  return place.target(job).then((target) => ({ place, job, target, chunk: chunk as TokenChunk }));
}
