import type { ClientSession, Db, Document, Long, MongoClient, Timestamp } from 'mongodb';
import { GodwitError } from '../../../errors.ts';

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
  /** Absent: what is committed on the primary when it is met. */
  readonly moment?: Moment | undefined;
  readonly signal: AbortSignal;
}

/** Larger ones are no faster, and memory grows with them. */
const BATCH_BYTES = 2 * 1024 * 1024;
const BATCH_DOCUMENTS = 8000;
const FEW = 4;
const UNKNOWN_AVERAGE = 1024;

interface Reply extends Document {
  readonly cursor: {
    readonly id: Long;
    readonly firstBatch?: Uint8Array[];
    readonly nextBatch?: Uint8Array[];
  };
}

/**
 * All documents of a collection in their natural order, as bytes that were never decoded,
 * in batches. While one is looked at, the next is on its way.
 *
 * By commands and not by the driver's cursors, which spend more time on each document than
 * the server does.
 */
export async function* readRaw(source: RawSource): AsyncGenerator<readonly Uint8Array[]> {
  const { client, db, name, moment, signal } = source;
  const session = client.startSession({ causalConsistency: false });
  const batchSize = batchSizeOf(source.average);
  let id: Long | undefined;
  try {
    const readConcern = moment && { level: 'snapshot', atClusterTime: moment.at };
    const find = {
      find: name,
      batchSize,
      hint: { $natural: 1 },
      ...(readConcern && { readConcern }),
    };
    const first = await command(db, find, session);
    id = first.cursor.id;
    let batch = first.cursor.firstBatch ?? [];
    // Drivers of major 5 decode whatever a command returns.
    if (batch.length > 0 && !(batch[0] instanceof Uint8Array)) {
      yield* readByCursor(source, batchSize);
      return;
    }
    for (;;) {
      const current: Long = id;
      const more = (): Promise<Reply> =>
        command(db, { getMore: current, collection: name, batchSize }, session);
      // Few documents are large ones: two batches of those are too much to hold.
      const ahead = current.isZero() || batchSize < FEW ? undefined : more();
      ahead?.catch(() => {});
      refuseStopped(signal);
      if (batch.length > 0) yield batch;
      if (current.isZero()) return;
      const reply: Reply = await (ahead ?? more());
      id = reply.cursor.id;
      batch = reply.cursor.nextBatch ?? [];
    }
  } finally {
    if (id !== undefined && !id.isZero()) {
      await db.command({ killCursors: name, cursors: [id] }, { session }).catch(() => {});
    }
    await session.endSession();
  }
}

/** One behind the other; a single large one is not copied. */
export function joined(batch: readonly Uint8Array[]): Uint8Array {
  const [only] = batch;
  return only !== undefined && batch.length === 1 ? only : Buffer.concat(batch);
}

function command(db: Db, text: Document, session: ClientSession): Promise<Reply> {
  const options = {
    session,
    promoteLongs: false,
    useBigInt64: false,
    raw: false,
    fieldsAsRaw: { firstBatch: true, nextBatch: true },
  };
  return db.command(text, options) as Promise<Reply>;
}

async function* readByCursor(
  { db, name, moment, signal }: RawSource,
  batchSize: number,
): AsyncGenerator<readonly Uint8Array[]> {
  const cursor = db.collection(name).find(
    {},
    {
      raw: true,
      batchSize,
      hint: { $natural: 1 },
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
      yield batch;
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
