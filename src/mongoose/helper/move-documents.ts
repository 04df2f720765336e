import type { Document } from 'mongodb';
import { thrownMessage } from '../../errors.ts';
import { checkPath } from './paths.ts';
import { invalid, type Place } from './place.ts';
import { clearly } from './server-refusals.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents are what the collection holds
type AnyDocument = any;

/** A document for the target; `null` or `undefined` leaves it out. */
export type MigrateDocument = (document: AnyDocument) => unknown;

export interface MigrateOptions {
  /** Only these. */
  readonly filter?: Document | undefined;
  /**
   * Where the target has a document of that _id: it stays (`keep`, default), it is written
   * over (`replace`), or that is an error (`fail`).
   */
  readonly onExisting?: 'keep' | 'replace' | 'fail' | undefined;
  /** Documents of a batch that go through the function. Default 1000. */
  readonly batchSize?: number | undefined;
}

export interface MigrateResult {
  readonly readCount: number;
  readonly insertedCount: number;
  /** Left out by the function, or in the target already. */
  readonly skippedCount: number;
  readonly dryRun?: true | undefined;
}

const WHAT = 'migrateCollection';
/** Numbers stay of the type they are stored as. */
const TYPED = { promoteValues: false, bsonRegExp: true } as const;

/**
 * Copies documents into another collection. The source stays. Without a function the
 * server does it by itself: `$out` into a target that is empty, else `$merge`.
 */
export async function migrateCollection(
  source: Place,
  target: Place,
  transform: MigrateDocument | undefined,
  options: MigrateOptions,
): Promise<MigrateResult> {
  if (source.name === target.name && source.db.databaseName === target.db.databaseName) {
    throw invalid(WHAT, `was given ${source.name} as source and as target`);
  }
  if (transform !== undefined && typeof transform !== 'function') {
    throw invalid(WHAT, 'takes a function of a document as its third argument');
  }
  source.check();
  const filter = options.filter ?? {};
  if (source.options.dryRun) {
    const readCount = await source.collection.countDocuments(filter, source.session);
    return { readCount, insertedCount: 0, skippedCount: 0, dryRun: true };
  }
  // Documents of another connection are another server's, as far as this one knows.
  const inside =
    transform === undefined && !source.inTransaction && source.model.db === target.model.db;
  return clearly(WHAT, target.name, () =>
    inside
      ? copyInside(source, target, filter, options)
      : copyThrough(source, target, transform, filter, options),
  );
}

async function copyInside(
  source: Place,
  target: Place,
  filter: Document,
  { onExisting = 'keep' }: MigrateOptions,
): Promise<MigrateResult> {
  const before = await target.collection.estimatedDocumentCount();
  const isEmpty =
    before === 0 && (await target.collection.findOne({}, { projection: { _id: 1 } })) === null;
  const whenMatched = { keep: 'keepExisting', replace: 'replace', fail: 'fail' }[onExisting];
  const all = Object.keys(filter).length === 0;
  const pour = (last: Document): Promise<unknown> =>
    source.collection
      .aggregate([...(all ? [] : [{ $match: filter }]), last], { allowDiskUse: true })
      .toArray();
  const merge = {
    $merge: { into: target.name, on: '_id', whenMatched, whenNotMatched: 'insert' },
  };
  if (!isEmpty) await pour(merge);
  else {
    // Somebody built an index on the target meanwhile: it is not replaced then.
    await pour({ $out: target.name }).catch((error: unknown) => {
      if (!/changed during processing/.test(thrownMessage(error))) throw error;
      return pour(merge);
    });
  }
  const after = await target.collection.countDocuments({});
  const readCount = all
    ? await source.collection.estimatedDocumentCount()
    : await source.collection.countDocuments(filter);
  const insertedCount = after - before;
  target.progress(insertedCount);
  return { readCount, insertedCount, skippedCount: Math.max(0, readCount - insertedCount) };
}

async function copyThrough(
  source: Place,
  target: Place,
  transform: MigrateDocument | undefined,
  filter: Document,
  { onExisting = 'keep', batchSize = 1_000 }: MigrateOptions,
): Promise<MigrateResult> {
  let readCount = 0;
  let insertedCount = 0;
  let batch: Document[] = [];
  const write = async (): Promise<void> => {
    if (batch.length === 0) return;
    source.check();
    insertedCount += await insertBatch(target, batch, onExisting);
    batch = [];
    source.progress(readCount);
  };
  for await (const document of source.collection.find(filter, {
    batchSize,
    ...(transform === undefined && TYPED),
    ...source.session,
  })) {
    readCount++;
    const made = transform === undefined ? document : await transform(document);
    if (made === null || made === undefined) continue;
    if (typeof made !== 'object' || Array.isArray(made)) {
      throw invalid(
        WHAT,
        `was given a function that returned ${typeof made}; a document was expected`,
      );
    }
    // The same document gets the same _id each time, so that a second run finds it.
    batch.push({ ...made, _id: (made as Document)['_id'] ?? document._id });
    if (batch.length >= batchSize) await write();
  }
  await write();
  return { readCount, insertedCount, skippedCount: readCount - insertedCount };
}

async function insertBatch(
  target: Place,
  batch: readonly Document[],
  onExisting: NonNullable<MigrateOptions['onExisting']>,
): Promise<number> {
  const { collection, session } = target;
  if (onExisting === 'fail') {
    return (await collection.insertMany([...batch], { ordered: true, ...session })).insertedCount;
  }
  const operations = batch.map((document) => {
    const filter = { _id: document['_id'] };
    const { _id, ...rest } = document;
    return onExisting === 'replace'
      ? { replaceOne: { filter, replacement: rest, upsert: true } }
      : { updateOne: { filter, update: { $setOnInsert: rest }, upsert: true } };
  });
  const done = await collection.bulkWrite(operations as never, { ordered: false, ...session });
  return done.upsertedCount + done.modifiedCount;
}

export interface ArchiveOptions {
  /** Documents of a batch. Default 500. */
  readonly batchSize?: number | undefined;
  /** Only among these. */
  readonly filter?: Document | undefined;
}

export interface ArchiveResult {
  readonly archivedCount: number;
  readonly deletedCount: number;
  readonly dryRun?: true | undefined;
}

const ROUNDS = 5;

/**
 * Moves documents whose date is before the cutoff to another collection: each batch is
 * copied, and then deleted where it is still what was copied. Killed in between it leaves a
 * document in both, never in none, and going on settles it.
 */
export async function archiveOldDocuments(
  source: Place,
  archive: Place,
  cutoff: Date,
  dateField: string,
  { batchSize = 500, filter: only }: ArchiveOptions,
): Promise<ArchiveResult> {
  const what = 'archiveOldDocuments';
  checkPath(what, dateField, false);
  if (!(cutoff instanceof Date) || Number.isNaN(cutoff.getTime())) {
    throw invalid(what, `needs a Date as its cutoff, not ${String(cutoff)}`);
  }
  if (source.name === archive.name && source.model.db === archive.model.db) {
    throw invalid(what, `was given ${source.name} as source and as archive`);
  }
  const old = { [dateField]: { $lt: cutoff } };
  const filter = only ? { $and: [only, old] } : old;
  if (source.options.dryRun) {
    const count = await source.collection.countDocuments(filter, source.session);
    return { archivedCount: count, deletedCount: 0, dryRun: true };
  }
  const total = { archivedCount: 0, deletedCount: 0 };
  await clearly(what, source.name, async () => {
    // What somebody changed between copy and delete is read again.
    for (let round = 0; round < ROUNDS; round++) {
      const left = await archiveRound(source, archive, filter, batchSize, total);
      if (left === 0) break;
    }
  });
  return total;
}

async function archiveRound(
  source: Place,
  archive: Place,
  filter: Document,
  batchSize: number,
  total: { archivedCount: number; deletedCount: number },
): Promise<number> {
  let left = 0;
  let batch: Document[] = [];
  const move = async (): Promise<void> => {
    if (batch.length === 0) return;
    source.check();
    const deleted = await moveBatch(source, archive, batch);
    total.archivedCount += deleted;
    total.deletedCount += deleted;
    left += batch.length - deleted;
    batch = [];
    source.progress(total.deletedCount);
  };
  for await (const document of source.collection.find(filter, {
    batchSize,
    ...TYPED,
    ...source.session,
  })) {
    batch.push(document);
    if (batch.length >= batchSize) await move();
  }
  await move();
  return left;
}

async function moveBatch(
  source: Place,
  archive: Place,
  batch: readonly Document[],
): Promise<number> {
  const copies = batch.map(({ _id, ...replacement }) => ({
    replaceOne: { filter: { _id }, replacement, upsert: true },
  }));
  await archive.collection.bulkWrite(copies as never, { ordered: false, ...archive.session });
  const deletes = batch.map((document) => ({
    deleteOne: {
      filter: { _id: document['_id'], $expr: { $eq: ['$$ROOT', { $literal: document }] } },
    },
  }));
  const done = await source.collection.bulkWrite(deletes as never, {
    ordered: false,
    ...source.session,
  });
  return done.deletedCount;
}
