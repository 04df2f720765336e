import type { ClientSession, Document } from 'mongodb';
import { overtaken } from '../../../core/backfill/refuse-undo.ts';
import type { UndoOptions, UndoResult } from '../../../ports/backfill.ts';
import type { BackfillJob, KeyValue } from '../../../ports/backfill-job.ts';
import { beginUndo, leaveUndo } from './begin-undo.ts';
import type { LedgerDocument, TouchedDocument } from './documents.ts';
import { keyText, toKeyValue } from './keys.ts';
import { collectionOf, LOSSLESS, type Parts, toNumber } from './parts.ts';
import { exactKey, findRaw } from './rows.ts';
import { hashOf } from './touched.ts';
import { inTransaction, isWorthRepeating, putBack, takeSession } from './transaction.ts';

const TRIES = 5;
const SHOWN_KEYS = 1000;

/** What is restored leaves the list in the same transaction, so that undoing can go on. */
export async function undo(
  parts: Parts,
  job: BackfillJob,
  options: UndoOptions,
): Promise<UndoResult> {
  const { worker, onBegun, onProgress } = options;
  const session = takeSession(parts);
  try {
    const begun = await beginUndo(parts, job.ledger, worker, session);
    onBegun();
    const { undoFrom } = begun;
    const all = { ledger: job.ledger, generation: { $gte: undoFrom } };
    const left = { ...all, skipped: true } as const;
    // What was changed back by hand meanwhile may be as it was left.
    await parts.touched.updateMany(left, { $unset: { skipped: 1 } });
    let restored = 0;
    const onRestored = (rows: number): void => {
      restored += rows;
      onProgress(restored);
    };
    // Newest first: an earlier one's pre-image is older.
    for (let { generation } = begun; generation >= undoFrom; generation--) {
      await undoGeneration(parts, job, { ...options, begun, generation, session, onRestored });
    }
    return { restored, ...(await leftOf(parts, left)) };
  } finally {
    await leaveUndo(parts, job.ledger, worker.id);
    putBack(parts, session);
  }
}

/** A document that was changed several times is one document. */
async function leftOf(
  parts: Parts,
  left: Document,
): Promise<Pick<UndoResult, 'skipped' | 'skippedKeys'>> {
  const [[counted], rows] = await Promise.all([
    parts.touched
      .aggregate<{ n: number }>([{ $match: left }, { $group: { _id: '$_id.k' } }, { $count: 'n' }])
      .toArray(),
    parts.touched.find(left).limit(SHOWN_KEYS).toArray(),
  ]);
  const shown = new Map(rows.map((row) => [row._id.k, row]));
  return {
    skipped: toNumber(counted?.n),
    skippedKeys: [...shown.values()].map((row) => keyOfTouched(parts, row)),
  };
}

interface Work extends UndoOptions {
  readonly begun: LedgerDocument;
  readonly generation: number;
  readonly session: ClientSession | undefined;
  onRestored(rows: number): void;
}

async function undoGeneration(parts: Parts, job: BackfillJob, work: Work): Promise<void> {
  const { signal, session, onRestored } = work;
  while (!signal.aborted) {
    const restored = await untilDone(() =>
      inTransaction(session, (own) => undoBatch(parts, job, work, own)),
    );
    if (restored === undefined) return;
    onRestored(restored);
  }
}

/** @returns how many rows are as they were; undefined when there was none left */
async function undoBatch(
  parts: Parts,
  job: BackfillJob,
  { begun, generation, worker, batch }: Work,
  session: ClientSession | undefined,
): Promise<number | undefined> {
  const options = session ? { session } : {};
  const mine = { _id: job.ledger, generation: begun.generation, undoneBy: worker.id } as const;
  const still = await parts.ledgers.findOne({ ...mine, state: 'undoing' }, options);
  if (still === null) throw overtaken(begun.name);
  const rows = await parts.touched
    .find({ ledger: job.ledger, generation, skipped: { $exists: false } }, options)
    .limit(Math.max(1, batch))
    .toArray();
  return rows.length === 0 ? undefined : restore(parts, job, rows, session);
}

async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= TRIES || !isWorthRepeating(error)) throw error;
    }
  }
}

/** @returns how many rows are as they were */
async function restore(
  parts: Parts,
  job: BackfillJob,
  rows: readonly TouchedDocument[],
  session: ClientSession | undefined,
): Promise<number> {
  const options = session ? { session } : {};
  const images = rows.map((row) => bytesOf(row.before));
  const ids = images.map((raw) => exactKey(parts.mongo, ['_id'], raw)[0]);
  const present = new Map<string, string>();
  const found = await findRaw(parts, job, { _id: { $in: ids } }, { hint: { _id: 1 }, ...options });
  for (const raw of found) {
    present.set(keyText(parts.mongo, exactKey(parts.mongo, ['_id'], raw)), hashOf(raw));
  }
  const operations: Document[] = [];
  const done: TouchedDocument['_id'][] = [];
  const skipped: TouchedDocument['_id'][] = [];
  rows.forEach(({ _id, after }, index) => {
    const now = present.get(String(_id.k)) ?? null;
    const image = images[index] as Uint8Array;
    const restoredAlready = now === hashOf(image);
    if (now !== after && !restoredAlready) skipped.push(_id);
    else done.push(_id);
    if (now === after && !restoredAlready) operations.push(operation(parts, image, after));
  });
  if (operations.length > 0) {
    await collectionOf(parts, job).bulkWrite(operations as never, { ...options, ordered: false });
  }
  await parts.touched.updateMany({ _id: { $in: skipped } }, { $set: { skipped: true } }, options);
  await parts.touched.deleteMany({ _id: { $in: done } }, options);
  return done.length;
}

function operation(parts: Parts, image: Uint8Array, after: string | null): Document {
  const document = parts.mongo.BSON.deserialize(image, LOSSLESS);
  if (after === null) return { insertOne: { document } };
  const { _id, ...replacement } = document;
  return { replaceOne: { filter: { _id }, replacement } };
}

/** As the driver of this version gives binary data. */
function bytesOf(value: unknown): Uint8Array {
  const { buffer, position } = value as { buffer: Uint8Array; position?: number };
  if (ArrayBuffer.isView(value)) return value as Uint8Array;
  return position === undefined ? buffer : buffer.subarray(0, position);
}

function keyOfTouched(parts: Parts, row: TouchedDocument): KeyValue {
  return toKeyValue(parts.mongo, exactKey(parts.mongo, ['_id'], bytesOf(row.before)));
}
