import type { BackfillJob, Chunk } from '../../../ports/backfill-job.ts';
import { literal } from '../text.ts';
import type { Place } from './place.ts';
import type { Target } from './target.ts';

/**
 * A chunk with the token of its claim, which no other claim has: what is lost to another
 * one never comes back, not even when the same worker takes the chunk again.
 */
export interface TokenChunk extends Chunk {
  readonly token: string;
}

/** A chunk in the hands of a worker. */
export interface Claimed {
  readonly place: Place;
  readonly job: BackfillJob;
  readonly target: Target;
  readonly chunk: TokenChunk;
}

/** Where the chunk is (still) this claim's. */
export function held({ n, token }: TokenChunk): string {
  return `n = ${n} and token = ${literal(token)} and state = 'claimed'`;
}

export function mine({ place, chunk }: Claimed): string {
  return `${place.tables.chunk} where ${held(chunk)}`;
}

/**
 * A condition that is asked once: without it nothing is done. It holds only for whoever
 * locked `mine` before: a claim that is lost by then stays lost.
 */
export function gate(claimed: Claimed): string {
  return `exists (select 1 from ${mine(claimed)})`;
}

/** Ends a statement whose parts before did the work. */
export function finish(claimed: Claimed, counts: Readonly<Record<string, string>>): string {
  const { place, chunk } = claimed;
  const all = { rows: '0', changed: '0', deleted: '0', conflicts: '0', poisoned: '0', ...counts };
  const set = Object.entries(all).map(([name, count]) => `${name} = ${count}`);
  return `update ${place.tables.chunk} set state = 'done', ${set.join(', ')}, keys = null, error = null,
  done_at = pg_catalog.clock_timestamp(),
  duration_ms = extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.transaction_timestamp()) * 1000
where ${held(chunk)}
returning rows, changed, deleted, conflicts, poisoned, duration_ms as godwit_ms`;
}

export function insertTouched({ place }: Claimed): string {
  return `insert into ${place.tables.touched} (ledger, generation, chunk, key, before, after, deleted)`;
}

export function touchedHead({ place, job, chunk }: Claimed): string {
  return `${literal(job.ledger)}, (select generation from ${place.tables.chunk} where n = ${chunk.n}), ${chunk.n}`;
}
