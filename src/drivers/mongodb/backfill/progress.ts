import type { Document } from 'mongodb';
import type { LedgerProgress } from '../../../ports/backfill-ledger.ts';
import { FIRST_EXTRA, type LedgerDocument, type Totals } from './documents.ts';
import { type Parts, toNumber } from './parts.ts';

const FOLD_FROM = 500;
const SUMS = ['rows', 'changed', 'deleted', 'conflicts', 'chunksDone', 'retries'] as const;
const DONE = { $in: ['$state', ['done', 'split']] };

export async function readProgress(parts: Parts, head: LedgerDocument): Promise<LedgerProgress> {
  const [sums, poisoned] = await Promise.all([
    sumUp(parts, head, { $gt: head.folded.n }),
    parts.poison.countDocuments({ ledger: head._id, generation: head.generation }),
  ]);
  const totals = add(head.folded, sums);
  const lastSweep = Math.max(toNumber(head.folded.lastSweep), toNumber(sums['lastSweep']));
  return {
    ...totals,
    chunksOpen: toNumber(sums['open']),
    poisoned,
    cut: head.top === undefined || lastSweep >= head.sweep,
  };
}

async function sumUp(parts: Parts, head: LedgerDocument, n: Document): Promise<Document> {
  const { _id: ledger, generation } = head;
  const sum = (field: string): Document => ({ $sum: { $ifNull: [field, 0] } });
  const [sums] = await parts.chunks
    .aggregate([
      { $match: { ledger, generation, n } },
      {
        $group: {
          _id: null,
          rows: sum('$rows'),
          changed: sum('$changed'),
          deleted: sum('$deleted'),
          conflicts: sum('$conflicts'),
          retries: sum('$attempts'),
          chunksDone: { $sum: { $cond: [{ $eq: ['$state', 'done'] }, 1, 0] } },
          open: { $sum: { $cond: [{ $in: ['$state', ['claimed', 'waiting']] }, 1, 0] } },
          count: { $sum: 1 },
          lastSweep: { $max: { $cond: ['$final', '$sweep', 0] } },
          // Ranges without a gap below the first that is not done may be folded.
          firstOpen: { $min: { $cond: [DONE, FIRST_EXTRA, '$n'] } },
          lastRange: { $max: { $cond: [{ $lt: ['$n', FIRST_EXTRA] }, '$n', 0] } },
        },
      },
    ])
    .toArray();
  return sums ?? {};
}

export const CHUNK_INDEX = { ledger: 1, generation: 1, n: 1 } as const;

/**
 * Adds the done ranges at the beginning to the ledger's own sums, so that progress costs
 * the same after a million chunks. Ranges that are done do not change any more.
 */
export async function fold(parts: Parts, head: LedgerDocument): Promise<void> {
  const ahead = await sumUp(parts, head, { $gt: head.folded.n, $lt: FIRST_EXTRA });
  const upTo = Math.min(toNumber(ahead['firstOpen']) - 1, toNumber(ahead['lastRange']));
  if (!(upTo - head.folded.n >= FOLD_FROM)) return;
  const sums = await sumUp(parts, head, { $gt: head.folded.n, $lte: upTo });
  const lastSweep = Math.max(toNumber(head.folded.lastSweep), toNumber(sums['lastSweep']));
  await parts.ledgers.updateOne(
    { _id: head._id, generation: head.generation, 'folded.n': head.folded.n },
    { $set: { folded: { ...add(head.folded, sums), n: upTo, lastSweep } } },
  );
}

function add(a: Totals, b: Document): Totals {
  return Object.fromEntries(
    SUMS.map((name) => [name, toNumber(a[name]) + toNumber(b[name])]),
  ) as unknown as Totals;
}

export const NOTHING_FOLDED: LedgerDocument['folded'] = {
  n: 0,
  lastSweep: 0,
  rows: 0,
  changed: 0,
  deleted: 0,
  conflicts: 0,
  chunksDone: 0,
  retries: 0,
};
