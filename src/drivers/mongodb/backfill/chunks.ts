import type { ClientSession } from 'mongodb';
import type { ErrorInfo } from '../../../errors.ts';
import type { BackfillJob, Chunk } from '../../../ports/backfill-job.ts';
import { addChunks, type Part, placeOf } from './add-chunks.ts';
import type { ChunkDocument } from './documents.ts';
import { forget, holding, NOT_MINE } from './held.ts';
import { keyOf } from './keys.ts';
import { collectionOf, EXACT, type Held, type Parts, toNumber } from './parts.ts';
import { chunkQuery } from './ranges.ts';
import { findTarget, type Target } from './target.ts';
import { transact } from './transaction.ts';

export async function giveBack(
  parts: Parts,
  chunk: Chunk,
  worker: string,
  error: ErrorInfo | undefined,
): Promise<void> {
  const held = holding(parts, chunk, worker);
  if (held === undefined) return;
  await parts.chunks.updateOne(
    { _id: held.chunk._id, state: 'claimed', 'claim.token': held.token },
    {
      $set: { state: 'waiting', ...(error && { error }) },
      $inc: { attempts: error ? 1 : 0 },
      $unset: { claim: 1 },
    },
  );
  forget(parts, held);
}

export async function letGo(
  parts: Parts,
  ledger: string,
  worker: string,
  kept: readonly number[],
): Promise<void> {
  await parts.chunks.updateMany(
    { ledger, state: 'claimed', 'claim.worker': worker, n: { $nin: [...kept] } },
    { $set: { state: 'waiting' }, $unset: { claim: 1 } },
  );
  for (const held of parts.held.values()) {
    const { chunk } = held;
    const mine = chunk.ledger === ledger && chunk.claim?.worker === worker;
    if (mine && !kept.includes(toNumber(chunk.n))) forget(parts, held);
  }
  if (kept.length > 0) return;
  await parts.ledgers.updateOne({ _id: ledger }, { $pull: { workers: { id: worker } } } as never);
}

/** Halves by the rows that match the filter. */
export async function split(
  parts: Parts,
  job: BackfillJob,
  chunk: Chunk,
  worker: string,
): Promise<boolean> {
  const held = holding(parts, chunk, worker);
  if (held === undefined) return false;
  const target = await findTarget(parts, job);
  const halves = held.chunk.keys
    ? halveKeys(held.chunk.keys)
    : await halveRange(parts, job, target, held.chunk);
  if (halves === undefined) return false;
  const swap = async (session?: ClientSession): Promise<void> => {
    await addChunks(parts, placeOf(held.chunk), halves, session, toNumber(held.chunk.attempts));
    const { matchedCount } = await parts.chunks.updateOne(
      { _id: held.chunk._id, state: 'claimed', 'claim.token': held.token },
      { $set: { state: 'split', attempts: 0 }, $unset: { claim: 1 } },
      session ? { session } : {},
    );
    // Its halves are rolled back with the transaction.
    if (matchedCount === 0 && session) throw NOT_MINE;
  };
  try {
    await transact(parts, swap);
    return true;
  } catch (error) {
    if (error === NOT_MINE) return false;
    throw error;
  } finally {
    forget(parts, held);
  }
}

function halveKeys(keys: NonNullable<Held['chunk']['keys']>): Part[] | undefined {
  if (keys.length < 2) return undefined;
  const middle = Math.ceil(keys.length / 2);
  return [{ keys: keys.slice(0, middle) }, { keys: keys.slice(middle) }];
}

async function halveRange(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  chunk: ChunkDocument,
): Promise<Part[] | undefined> {
  const { low, high } = chunk;
  const query = chunkQuery(target.shape, chunk, job.filter);
  const rows = collectionOf(parts, job);
  const count = await rows.countDocuments(query, { hint: target.hint });
  if (count < 2) return undefined;
  const [row] = await rows
    .find(query, { projection: target.projection, hint: target.hint, ...EXACT })
    .sort(target.ascending as never)
    .skip(Math.ceil(count / 2) - 1)
    .limit(1)
    .toArray();
  if (row === undefined) return undefined;
  const key = keyOf(row, target.shape.fields);
  return [
    { ...(low && { low }), high: { key, inclusive: true } },
    { low: { key, inclusive: false }, ...(high && { high }) },
  ];
}
