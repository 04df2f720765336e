import type { ClientSession, Document } from 'mongodb';
import type { Backfills, UndoResult } from '../../../ports/backfill.ts';
import type { BackfillJob, KeyValue } from '../../../ports/backfill-job.ts';
import type { TouchedDocument } from './documents.ts';
import { keyText, toKeyValue } from './keys.ts';
import { collectionOf, LOSSLESS, type Parts, unknownLedger } from './parts.ts';
import { exactKey, findRaw } from './rows.ts';
import { hashOf } from './touched.ts';
import { isWorthRepeating, transact } from './transaction.ts';

type UndoOptions = Parameters<Backfills['undo']>[1];

const TRIES = 5;
const SHOWN_KEYS = 1000;

/** What is restored leaves the list in the same transaction, so that undoing can go on. */
export async function undo(
  parts: Parts,
  job: BackfillJob,
  { batch, signal, onProgress }: UndoOptions,
): Promise<UndoResult> {
  const head = await parts.ledgers.findOne({ _id: job.ledger });
  if (head === null) throw unknownLedger(job.ledger);
  const mine = { ledger: job.ledger, generation: head.generation };
  let restored = 0;
  while (!signal.aborted) {
    const rows = await parts.touched
      .find({ ...mine, skipped: { $exists: false } })
      .limit(Math.max(1, batch))
      .toArray();
    if (rows.length === 0) break;
    restored += await untilDone(() =>
      transact(parts, (session) => restore(parts, job, rows, session)),
    );
    onProgress(restored);
  }
  const left = { ...mine, skipped: true };
  const skipped = await parts.touched.countDocuments(left);
  const shown = await parts.touched.find(left).limit(SHOWN_KEYS).toArray();
  return { restored, skipped, skippedKeys: shown.map((row) => keyOfTouched(parts, row)) };
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
