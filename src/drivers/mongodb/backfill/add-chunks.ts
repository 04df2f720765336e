import type { ClientSession } from 'mongodb';
import { type ChunkDocument, chunkId, FIRST_EXTRA } from './documents.ts';
import { type Parts, unknownLedger } from './parts.ts';

export interface Place {
  readonly ledger: string;
  readonly generation: number;
  readonly sweep: number;
}

export type Part = Pick<ChunkDocument, 'low' | 'high' | 'keys'>;

export function placeOf({ ledger, generation, sweep }: ChunkDocument): Place {
  return { ledger, generation: Number(generation), sweep: Number(sweep) };
}

/**
 * Waiting chunks beside the frontier. Their numbers are drawn outside the transaction, or
 * all that add chunks would meet at the ledger; a number that is not used does no harm.
 */
export async function addChunks(
  parts: Parts,
  { ledger, generation, sweep }: Place,
  added: readonly Part[],
  session: ClientSession | undefined,
  attempts = 0,
): Promise<void> {
  if (added.length === 0) return;
  const after = await parts.ledgers.findOneAndUpdate(
    { _id: ledger },
    { $inc: { extra: added.length } },
    { returnDocument: 'after', includeResultMetadata: false },
  );
  if (after === null) throw unknownLedger(ledger);
  const first = FIRST_EXTRA + Number((after as { extra: number }).extra) - added.length;
  const documents = added.map((part, index) => ({
    ...{ _id: chunkId(ledger, generation, first + index), ledger, generation, sweep },
    ...{ n: first + index, ...part, state: 'waiting' as const, attempts },
  }));
  await parts.chunks.insertMany(documents, session ? { session } : {});
}
