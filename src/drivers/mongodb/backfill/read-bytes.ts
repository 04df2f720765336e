import type { ClientSession, Document, Long } from 'mongodb';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { isTransient } from '../errors.ts';
import type { ChunkDocument } from './documents.ts';
import { hasTransactions, type Parts } from './parts.ts';
import { chunkQuery } from './ranges.ts';
import { findRaw, projectionOf } from './rows.ts';
import type { Target } from './target.ts';
import { wholeFields } from './work-standalone.ts';

/** A chunk comes in one message, if it is not larger than messages may be. */
const BATCH = 100_000;

interface Reply extends Document {
  readonly cursor: {
    readonly id: Long;
    readonly firstBatch?: Uint8Array[];
    readonly nextBatch?: Uint8Array[];
  };
}

/** The bytes of a chunk's rows that match the filter, in no particular order. */
export async function readRaw(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  chunk: ChunkDocument,
  session?: ClientSession,
): Promise<Uint8Array[]> {
  const whole = job.fields !== undefined && !hasTransactions(parts);
  const read = whole ? { ...job, fields: wholeFields(job.fields) } : job;
  const projection = projectionOf(read, target);
  const query = chunkQuery(target.shape, chunk, job.filter);
  const how = { hint: target.hint, ...(projection && { projection }) };
  if (!hasTransactions(parts)) return findRaw(parts, job, query, how);
  try {
    return await readBytes(parts, job, query, how, session);
  } catch (error) {
    // What a transaction read goes with it; other reads the driver would try once more too.
    if (session !== undefined || !isTransient(error)) throw error;
    return findRaw(parts, job, query, how);
  }
}

/**
 * Documents as the bytes in which they came, without a cursor of the driver, which spends
 * more time on each than the server does.
 *
 * @param session of a transaction; absent: what is committed now
 */
async function readBytes(
  parts: Parts,
  job: BackfillJob,
  filter: Document,
  how: { readonly hint: string | Document; readonly projection?: Document },
  session?: ClientSession,
): Promise<Uint8Array[]> {
  const readConcern = session === undefined && { readConcern: { level: 'local' } };
  const find = { find: job.target, filter, batchSize: BATCH, ...how, ...readConcern };
  // A cursor belongs to the session that opened it.
  const own = session ?? parts.client.startSession({ causalConsistency: false });
  try {
    const { cursor } = await command(parts, find, own);
    const found = cursor.firstBatch ?? [];
    // Drivers of major 5 decode whatever a command returns.
    if (found.length > 0 && !(found[0] instanceof Uint8Array)) {
      return await findRaw(parts, job, filter, { ...how, ...(session && { session }) });
    }
    let { id } = cursor;
    while (!id.isZero()) {
      const more = { getMore: id, collection: job.target, batchSize: BATCH };
      const next = (await command(parts, more, own)).cursor;
      for (const one of next.nextBatch ?? []) found.push(one);
      id = next.id;
    }
    return found;
  } finally {
    if (session === undefined) await own.endSession();
  }
}

function command({ db }: Parts, text: Document, session: ClientSession): Promise<Reply> {
  const options = {
    session,
    readPreference: 'primary',
    ignoreUndefined: false,
    promoteLongs: false,
    useBigInt64: false,
    raw: false,
    fieldsAsRaw: { firstBatch: true, nextBatch: true },
  } as const;
  return db.command(text, options) as Promise<Reply>;
}

/**
 * Whether two chunks that were read so are the same, byte for byte: where each came in one
 * message, by comparing the messages.
 */
export function isSameBytes(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a.length !== b.length) return false;
  const [firstA, firstB] = [a[0], b[0]];
  if (firstA === undefined || firstB === undefined) return true;
  const [startA, startB] = [firstA.byteOffset, firstB.byteOffset];
  const aligned = a.every((one, i) => {
    const other = b[i] as Uint8Array;
    return (
      one.buffer === firstA.buffer &&
      other.buffer === firstB.buffer &&
      one.byteLength === other.byteLength &&
      one.byteOffset - startA === other.byteOffset - startB
    );
  });
  if (!aligned) return a.every((one, i) => Buffer.compare(one, b[i] as Uint8Array) === 0);
  const last = a.at(-1) as Uint8Array;
  const length = last.byteOffset + last.byteLength - startA;
  const region = (buffer: ArrayBufferLike, start: number): Uint8Array =>
    new Uint8Array(buffer, start, length);
  return Buffer.compare(region(firstA.buffer, startA), region(firstB.buffer, startB)) === 0;
}
