import type { ClientSession } from 'mongodb';
import type { Chunk, ChunkResult } from '../../../ports/backfill-job.ts';
import { addChunks, placeOf } from './add-chunks.ts';
import type { Done } from './outcome.ts';
import type { Held, Parts } from './parts.ts';
import { inTransaction, putBack } from './transaction.ts';

/** Thrown to roll back what is another worker's by now. */
export const NOT_MINE: unique symbol = Symbol('not mine');

/** As it was claimed: another claim of the same chunk is another chunk. */
export interface TokenChunk extends Chunk {
  readonly token: string;
}

/** What this process remembers of a chunk that it claimed and still holds. */
export function heldBy({ held }: Parts, chunk: Chunk): Held | undefined {
  return held.get((chunk as TokenChunk).token);
}

/** The same, when it is this worker's. */
export function holding(parts: Parts, chunk: Chunk, worker: string): Held | undefined {
  const held = heldBy(parts, chunk);
  return held?.chunk.claim?.worker === worker ? held : undefined;
}

export function forget(parts: Parts, held: Held): void {
  parts.tokens.delete(held.token);
  if (parts.held.delete(held.token)) putBack(parts, held.session);
}

/**
 * Does a chunk's work and marks it done, in one transaction. It is marked first: of two
 * that try, one meets a write conflict at once, and then finds that it is done.
 *
 * @returns undefined when it was not this worker's any more: nothing was changed
 */
export async function settle(
  parts: Parts,
  held: Held,
  work: (session: ClientSession | undefined) => Promise<Done>,
): Promise<ChunkResult | undefined> {
  const began = performance.now();
  const finish = async (session: ClientSession | undefined): Promise<ChunkResult> => {
    if (session) await mark(parts, held, session);
    const { conflicting, ...counts } = await work(session);
    if (conflicting.length > 0) {
      await addChunks(parts, placeOf(held.chunk), [{ keys: conflicting }], session);
    }
    const result = { ...counts, durationMs: Math.round(performance.now() - began) };
    await record(parts, held, result, session);
    return result;
  };
  try {
    const result = await inTransaction(held.session, finish);
    forget(parts, held);
    return result;
  } catch (error) {
    if (error !== NOT_MINE) throw error;
    forget(parts, held);
    return undefined;
  }
}

async function mark(parts: Parts, held: Held, session: ClientSession): Promise<void> {
  const { matchedCount } = await parts.chunks.updateOne(
    mine(held),
    { $set: { state: 'done' } },
    { session },
  );
  if (matchedCount === 0) throw NOT_MINE;
}

async function record(
  parts: Parts,
  held: Held,
  result: ChunkResult,
  session: ClientSession | undefined,
): Promise<void> {
  const filter = session ? { _id: held.chunk._id } : mine(held);
  await parts.chunks.updateOne(
    filter,
    [
      { $set: { state: 'done', doneAt: '$$NOW', ...result } },
      { $unset: ['error', 'keys', 'claim.process', 'claim.session'] },
    ],
    session ? { session } : {},
  );
}

function mine({ chunk, token }: Held): { _id: string; state: 'claimed'; 'claim.token': string } {
  return { _id: chunk._id, state: 'claimed', 'claim.token': token };
}
