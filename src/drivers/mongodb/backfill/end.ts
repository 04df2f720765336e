import type { Document } from 'mongodb';
import type { ErrorInfo } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type { LedgerState } from '../../../ports/backfill-ledger.ts';
import { fromKeyText } from './keys.ts';
import { collectionOf, type Parts, SURE } from './parts.ts';
import { readProgress } from './progress.ts';
import { rangeAlternatives, withFilter } from './ranges.ts';
import { findTarget } from './target.ts';

const MAY_BECOME: Readonly<Record<string, readonly string[]>> = {
  complete: ['running'],
  failed: ['running'],
  cancelled: ['running', 'failed'],
  undone: ['undoing'],
};

/**
 * Waits for a majority: with the end, all that came before it is kept. `extra` is compared
 * too, so that a chunk that was added meanwhile keeps a ledger from being complete.
 */
export async function end(
  parts: Parts,
  ledger: string,
  state: LedgerState,
  summary: Readonly<Record<string, unknown>>,
  error: ErrorInfo | undefined,
): Promise<boolean> {
  const found = await parts.ledgers.findOne({ _id: ledger });
  const from = MAY_BECOME[state] ?? [];
  if (found === null || !from.includes(found.state)) return false;
  if (state === 'complete') {
    const { cut, chunksOpen } = await readProgress(parts, found);
    if (!cut || chunksOpen > 0) return false;
  }
  const { generation, sweep, extra } = found;
  const same = { _id: ledger, generation, state: found.state };
  const { matchedCount } = await parts.ledgers.updateOne(
    state === 'complete' ? { ...same, sweep, extra } : same,
    [
      {
        $set: {
          state,
          endedAt: '$$NOW',
          summary: { $literal: summary },
          ...(error && { error: { $literal: error } }),
        },
      },
    ],
    SURE,
  );
  return matchedCount === 1;
}

/** Keys that grow have a bound, beyond which rows are new. */
export async function remaining(
  parts: Parts,
  job: BackfillJob,
): Promise<{ within: number; beyond: number }> {
  const head = await parts.ledgers.findOne({ _id: job.ledger });
  const { shape } = await findTarget(parts, job);
  const count = (query: Document): Promise<number> =>
    collectionOf(parts, job).countDocuments(query);
  const filter = (job.filter ?? {}) as Document;
  if (!head?.growing) return { within: await count(filter), beyond: 0 };
  if (head.top === undefined) return { within: 0, beyond: await count(filter) };
  const key = fromKeyText(parts.mongo, head.top);
  const side = (low: boolean): Document =>
    withFilter(
      low
        ? rangeAlternatives(shape, { key, inclusive: false }, undefined)
        : rangeAlternatives(shape, undefined, { key, inclusive: true }),
      filter,
    );
  const [within, beyond] = await Promise.all([count(side(false)), count(side(true))]);
  return { within, beyond };
}
