import type { ClientSession, Db, Document, Long, MongoClient, Timestamp } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import { parseCursor, type RawBatch, type RawReply } from './raw-reply.ts';

/** A moment of the whole database, for reading. */
export interface Moment {
  readonly at: Timestamp;
  /** Bound to such a moment too; for drivers that read by cursors. */
  readonly session: ClientSession;
}

export interface RawSource {
  readonly client: MongoClient;
  readonly db: Db;
  /** Collection. */
  readonly name: string;
  /** Of one document on average, in bytes; 0 where it is not known. */
  readonly average: number;
  /** No more documents than these; absent: all. */
  readonly limit?: number | undefined;
  /** From the last one on. */
  readonly backward?: boolean | undefined;
  /** Absent: what is committed on the primary when it is met. */
  readonly moment?: Moment | undefined;
  readonly signal: AbortSignal;
}

/** Larger ones are no faster, and memory grows with them. */
const BATCH_BYTES = 2 * 1024 * 1024;
const BATCH_DOCUMENTS = 8000;
const FEW = 4;
const UNKNOWN_AVERAGE = 1024;

interface First extends Document {
  readonly cursor: { readonly id: Long; readonly firstBatch: Uint8Array[] };
}

/**
 * All documents of a collection in their natural order, as bytes that were never decoded,
 * in batches. While one is looked at, the next is on its way.
 *
 * By commands and not by the driver's cursors, which spend more time on each document than
 * the server does.
 */
export async function* readRaw(source: RawSource): AsyncGenerator<RawBatch> {
  const { client, db, name, signal } = source;
  const session = client.startSession({ causalConsistency: false });
  const batchSize = batchSizeOf(source.average);
  let open: Long | undefined;
  try {
    const { cursor } = await findFirst(source, batchSize, session);
    const { id } = cursor;
    open = id;
    // Drivers of major 5 decode whatever a command returns.
    if (cursor.firstBatch.length > 0 && !(cursor.firstBatch[0] instanceof Uint8Array)) {
      yield* readByCursor(source, batchSize);
      return;
    }
    let batch = joined(cursor.firstBatch);
    let more = !id.isZero();
    for (;;) {
      const next = (): Promise<RawReply> => getMore(db, name, id, batchSize, session);
      // Few documents are large ones: two batches of those are too much to hold.
      const ahead = more && batchSize >= FEW ? next() : undefined;
      ahead?.catch(() => {});
      refuseStopped(signal);
      if (batch.count > 0) yield batch;
      if (!more) {
        open = undefined;
        return;
      }
      ({ batch, more } = await (ahead ?? next()));
    }
  } finally {
    if (open !== undefined && !open.isZero()) {
      await db.command({ killCursors: name, cursors: [open] }, { session }).catch(() => {});
    }
    await session.endSession();
  }
}

function joined(documents: readonly Uint8Array[]): RawBatch {
  return { bytes: Buffer.concat(documents), count: documents.length };
}

function findFirst(
  { db, name, limit, backward, moment }: RawSource,
  batchSize: number,
  session: ClientSession,
): Promise<First> {
  const readConcern = moment && { level: 'snapshot', atClusterTime: moment.at };
  const options = {
    session,
    promoteLongs: false,
    useBigInt64: false,
    raw: false,
    fieldsAsRaw: { firstBatch: true },
  };
  const find = {
    find: name,
    batchSize,
    hint: { $natural: backward ? -1 : 1 },
    ...(limit !== undefined && { limit }),
    ...(readConcern && { readConcern }),
  };
  return db.command(find, options) as Promise<First>;
}

/** The reply's `cursor` comes as bytes too: the driver would look at each document in it. */
async function getMore(
  db: Db,
  collection: string,
  id: Long,
  batchSize: number,
  session: ClientSession,
): Promise<RawReply> {
  const text = { getMore: id, collection, batchSize };
  const options = { session, raw: true, promoteLongs: false };
  const reply = await db.command(text, options);
  return parseCursor(reply['cursor'] as Buffer);
}

async function* readByCursor(
  { db, name, limit, backward, moment, signal }: RawSource,
  batchSize: number,
): AsyncGenerator<RawBatch> {
  const cursor = db.collection(name).find(
    {},
    {
      raw: true,
      batchSize,
      hint: { $natural: backward ? -1 : 1 },
      ...(limit !== undefined && { limit }),
      readPreference: 'primary',
      ...(moment ? { session: moment.session } : { readConcern: { level: 'local' } }),
    },
  );
  try {
    let more = cursor.hasNext();
    while (await more) {
      const batch = cursor.readBufferedDocuments() as unknown as Uint8Array[];
      more = cursor.hasNext();
      more.catch(() => {});
      refuseStopped(signal);
      yield joined(batch);
    }
  } finally {
    await cursor.close();
  }
}

function batchSizeOf(average: number): number {
  const fitting = Math.floor(BATCH_BYTES / (average || UNKNOWN_AVERAGE));
  return Math.max(1, Math.min(fitting, BATCH_DOCUMENTS));
}

export function refuseStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new GodwitError('GODWIT_STOPPED', 'Stopped.');
}
