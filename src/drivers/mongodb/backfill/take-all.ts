import { isDuplicateKey, SERVER_CODE, serverCode } from '../errors.ts';
import { LONGEST_LEFT_MS } from '../transaction.ts';
import {
  type ChunkDocument,
  chunkId,
  FIRST_EXTRA,
  type LedgerDocument,
  type WorkerDocument,
} from './documents.ts';
import { endSession, isGone } from './gone.ts';
import { type Parts, toNumber } from './parts.ts';

const LOCK_MS = 500;
const LOOKED_AT = 100;

/**
 * After a backfill was begun anew: whoever still holds one of the last time's chunks must
 * not commit it. The ledger says so until it is done, because who began may be killed.
 */
export async function barLast(parts: Parts, ledger: LedgerDocument): Promise<void> {
  const { _id, generation, undoFrom, unbarred } = ledger;
  if (unbarred === undefined) return;
  await takeAll(parts, { ...ledger, generation: toNumber(unbarred) }, []);
  await parts.touched.deleteMany({ ledger: _id, generation: { $lt: undoFrom } });
  await parts.ledgers.updateOne({ _id, generation, unbarred }, { $unset: { unbarred: 1 } });
}

/**
 * Takes the chunks of a generation from all workers, once the ledger is not `running` in
 * it: what one has under way commits before this returns, or never. (On a standalone, which
 * has no transactions, what is under way may arrive later.)
 *
 * @param workers those that the ledger knew of
 */
export async function takeAll(
  parts: Parts,
  { _id: ledger, generation, sweep }: LedgerDocument,
  workers: readonly WorkerDocument[],
): Promise<void> {
  await bar(parts, { ledger, generation, sweep });
  const all = { ledger, generation };
  await parts.chunks.updateMany({ ...all, state: 'waiting' }, { $set: { state: 'void' } });
  const until = performance.now() + LONGEST_LEFT_MS;
  for (;;) {
    const open = await parts.chunks
      .aggregate<ChunkDocument & { readonly now: Date }>([
        { $match: { ...all, state: { $in: ['claimed', 'waiting'] } } },
        { $limit: LOOKED_AT },
        { $set: { now: '$$NOW' } },
      ])
      .toArray();
    if (open.length === 0) return;
    for (const chunk of open) {
      if (isLeft(chunk, workers)) await endSession(parts, chunk.claim?.session);
      await take(parts, chunk, performance.now() < until);
    }
  }
}

/**
 * Whoever cuts a range inserts it under the next number. One who looked before the ledger
 * changed, and only now goes on, finds that number taken, and looks again.
 */
async function bar(
  { chunks }: Parts,
  place: Pick<ChunkDocument, 'ledger' | 'generation' | 'sweep'>,
): Promise<void> {
  const { ledger, generation } = place;
  for (;;) {
    const [last] = await chunks
      .find({ ledger, generation, n: { $lt: FIRST_EXTRA } })
      .sort({ n: -1 })
      .limit(1)
      .toArray();
    const n = toNumber(last?.n) + 1;
    const _id = chunkId(ledger, generation, n);
    try {
      await chunks.insertOne({ _id, ...place, n, state: 'void', attempts: 0 });
      return;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** Held by a worker that is gone. */
function isLeft(
  { claim, now }: ChunkDocument & { readonly now: Date },
  workers: readonly WorkerDocument[],
): boolean {
  if (claim === undefined) return false;
  const beat = workers.find(({ id }) => id === claim.worker)?.heartbeatAt;
  return isGone(claim.process, Math.max(beat?.getTime() ?? 0, claim.at.getTime()), now);
}

/** A transaction that has the chunk is waited for, a moment at a time. */
async function take(parts: Parts, chunk: ChunkDocument, patient: boolean): Promise<void> {
  try {
    await parts.chunks.updateOne(
      { _id: chunk._id, state: chunk.state },
      { $set: { state: 'void' }, $unset: { claim: 1 } },
      { maxTimeMS: LOCK_MS },
    );
  } catch (error) {
    if (!patient || serverCode(error) !== SERVER_CODE.maxTimeExpired) throw error;
  }
}
