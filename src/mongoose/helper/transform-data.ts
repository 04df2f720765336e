import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { around } from '../../core/backfill/definition-text.ts';
import { sameValue } from '../../core/backfill/same-value.ts';
import type { TransformAnswer } from '../../ports/backfill-spec.ts';
import { type Engine, invalid, type Place, refused } from './place.ts';
import { clearly } from './server-refusals.ts';
import type { HelperResult } from './update.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents are what the collection holds
type AnyDocument = any;

/**
 * Given a document as it is stored. What it is changed to, or returns, is written; `null`
 * leaves the document as it was.
 */
export type TransformDocument = (document: AnyDocument) => unknown;

export interface TransformOptions {
  /** Names the ledger of a transform outside a migration. Default: made of what it does. */
  readonly name?: string | undefined;
  /** Rows that throw are set aside instead of ending it. Default `stop`. */
  readonly onError?: 'stop' | 'skip-and-record' | undefined;
}

export interface TransformResult extends HelperResult {
  /** Rows that were set aside. */
  readonly failedCount: number;
}

const WHAT = 'transformData';
const BATCH = 1_000;
const OWN = { enumerable: true, configurable: true, writable: true } as const;

/**
 * Sends every matching document through a function, each exactly once where there are
 * transactions: the ledger knows which chunks are done.
 */
export async function transformData(
  place: Place,
  engine: Engine,
  query: Document,
  transform: TransformDocument,
  { name, onError }: TransformOptions,
): Promise<TransformResult> {
  if (typeof transform !== 'function') throw invalid(WHAT, 'needs a function of a document');
  if (query === null || typeof query !== 'object') throw invalid(WHAT, 'needs a query; {} is all');
  place.check();
  if (place.options.dryRun) return rehearse(place, query, transform);
  if (place.inTransaction) return transformHere(place, query, transform);
  // A collection that nobody has written to yet is not there.
  const any = await place.collection.findOne({}, { projection: { _id: 1 } });
  if (any === null) return { matchedCount: 0, modifiedCount: 0, failedCount: 0 };
  let done = 0;
  const summary = await clearly(WHAT, place.name, () =>
    engine({
      name: name ?? WHAT,
      collection: place.name,
      ...(Object.keys(query).length > 0 && { filter: query }),
      transform: around(transform, (document: Document) => {
        place.check();
        if (++done % BATCH === 0) place.progress(done);
        return changeOf(document, transform);
      }),
      ...(onError && { onError }),
    }),
  );
  place.progress(summary.rows);
  return {
    matchedCount: summary.rows,
    modifiedCount: summary.changed,
    failedCount: summary.poisoned,
  };
}

/** What the function makes of a document, field by field; at once where the function is. */
export function changeOf(
  document: Document,
  transform: TransformDocument,
): TransformAnswer | Promise<TransformAnswer> {
  const working = copy(document) as Document;
  const returned = transform(working);
  const isLater = typeof (returned as { then?: unknown } | null | undefined)?.then === 'function';
  if (!isLater) return difference(document, working, returned);
  return Promise.resolve(returned).then((later) => difference(document, working, later));
}

function difference(document: Document, working: Document, returned: unknown): TransformAnswer {
  if (returned === null) return undefined;
  const after = plain(returned ?? working);
  const $set: Document = {};
  const $unset: string[] = [];
  for (const [field, value] of Object.entries(after)) {
    if (value === undefined) {
      if (field in document) $unset.push(field);
    } else if (!(field in document && sameValue(document[field], value))) $set[field] = value;
  }
  for (const field of Object.keys(document)) if (!(field in after)) $unset.push(field);
  refuseIdentity($set, $unset);
  if (Object.keys($set).length === 0 && $unset.length === 0) return undefined;
  return { $set, $unset };
}

function refuseIdentity(set: Document, unset: readonly string[]): void {
  if (!('_id' in set) && !unset.includes('_id')) return;
  throw refused(WHAT, 'the function changed the _id of a document, which cannot be', [
    'use migrateCollection to give documents another _id',
  ]);
}

/** A mongoose document, if the function makes one, is taken as its plain object. */
function plain(value: unknown): Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`The function returned ${typeof value}; a document was expected.`);
  }
  const { toObject } = value as { toObject?: unknown };
  return typeof toObject === 'function' ? (toObject.call(value) as Document) : (value as Document);
}

/** Deep where the function could reach in; BSON values are never changed in place. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Date) return new Date(value);
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  // For each document: several times as fast as by a list of entries.
  const made: Document = {};
  for (const key of Object.keys(value)) {
    const inner = copy(value[key as never]);
    if (key !== '__proto__') made[key] = inner;
    else Object.defineProperty(made, key, { ...OWN, value: inner });
  }
  return made;
}

async function rehearse(
  place: Place,
  query: Document,
  transform: TransformDocument,
): Promise<TransformResult> {
  let matchedCount = 0;
  let modifiedCount = 0;
  for await (const document of place.collection.find(query, place.session)) {
    place.check();
    matchedCount++;
    if ((await changeOf(document, transform)) !== undefined) modifiedCount++;
  }
  return { matchedCount, modifiedCount, failedCount: 0, dryRun: true };
}

/** In a transaction it is all or nothing anyway. */
async function transformHere(
  place: Place,
  query: Document,
  transform: TransformDocument,
): Promise<TransformResult> {
  let matchedCount = 0;
  let modifiedCount = 0;
  let batch: AnyBulkWriteOperation<Document>[] = [];
  const write = async (): Promise<void> => {
    if (batch.length === 0) return;
    const done = await place.collection.bulkWrite(batch, { ordered: false, ...place.session });
    modifiedCount += done.modifiedCount;
    batch = [];
  };
  for await (const document of place.collection.find(query, place.session)) {
    place.check();
    matchedCount++;
    const change = (await changeOf(document, transform)) as
      | { $set: Document; $unset: string[] }
      | undefined;
    if (change)
      batch.push({ updateOne: { filter: { _id: document['_id'] }, update: updateOf(change) } });
    if (batch.length >= BATCH) await write();
    if (matchedCount % BATCH === 0) place.progress(matchedCount);
  }
  await write();
  place.progress(matchedCount);
  return { matchedCount, modifiedCount, failedCount: 0 };
}

function updateOf({ $set, $unset }: { $set: Document; $unset: readonly string[] }): Document {
  return {
    ...(Object.keys($set).length > 0 && { $set }),
    ...($unset.length > 0 && { $unset: Object.fromEntries($unset.map((name) => [name, ''])) }),
  };
}
