import { hash } from 'node:crypto';
import type { Document, MongoBulkWriteError } from 'mongodb';
import { isDuplicateKey } from '../../drivers/mongodb/errors.ts';
import { idText } from '../../drivers/mongodb/id-order.ts';
import { GodwitError } from '../../errors.ts';
import { invalid, type Place } from './place.ts';
import { clearly, refuseView } from './server-refusals.ts';

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
 * server does it by itself: `$out` for a target that is not there yet, else `$merge`.
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

type Pour = (last: Document) => Promise<unknown>;

async function copyInside(
  source: Place,
  target: Place,
  filter: Document,
  { onExisting = 'keep' }: MigrateOptions,
): Promise<MigrateResult> {
  const before = await target.collection.estimatedDocumentCount();
  const all = Object.keys(filter).length === 0;
  const pour: Pour = (last) =>
    source.collection
      .aggregate([...(all ? [] : [{ $match: filter }]), last], { allowDiskUse: true })
      .toArray();
  const isThere = before > 0 || (await exists(target));
  if (isThere || !(await copyAsNew(source, target, filter, pour))) {
    await copyInto(target, pour, onExisting, before === 0);
  }
  const after = await target.collection.countDocuments({});
  const readCount = all
    ? await source.collection.estimatedDocumentCount()
    : await source.collection.countDocuments(filter);
  // What others insert meanwhile is counted in, as far as it can be ours.
  const insertedCount = Math.max(0, Math.min(after - before, readCount));
  target.progress(insertedCount);
  return { readCount, insertedCount, skippedCount: Math.max(0, readCount - insertedCount) };
}

async function exists({ db, name }: Place): Promise<boolean> {
  return (await db.listCollections({ name }, { nameOnly: true }).toArray()).length > 0;
}

/**
 * `$out` replaces a whole collection, so it never goes to the target itself: what somebody
 * inserts there meanwhile would be gone. It goes beside it, and takes the target's name
 * unless somebody has made it.
 *
 * @returns false when the target is there now, or the user may not do this
 */
async function copyAsNew(
  source: Place,
  target: Place,
  filter: Document,
  pour: Pour,
): Promise<boolean> {
  const what = JSON.stringify([source.name, target.name, filter]);
  // The same each time: what a killed one left is overwritten, and none pile up.
  const beside = `godwit_copy_${hash('sha256', what).slice(0, 16)}`;
  try {
    await pour({ $out: beside });
    source.check();
    await target.db.renameCollection(beside, target.name);
    return true;
  } catch (error) {
    await target.db.dropCollection(beside).catch(() => {});
    if (error instanceof GodwitError) throw error;
    return false;
  }
}

/** Into one that is empty plain inserts will do, which cost the server a third of the rest. */
async function copyInto(
  target: Place,
  pour: Pour,
  onExisting: NonNullable<MigrateOptions['onExisting']>,
  isEmpty: boolean,
): Promise<void> {
  const merge = (whenMatched: string) =>
    pour({ $merge: { into: target.name, on: '_id', whenMatched, whenNotMatched: 'insert' } });
  if (onExisting === 'fail') return void (await merge('fail'));
  const whenMatched = onExisting === 'keep' ? 'keepExisting' : 'replace';
  if (!isEmpty) return void (await merge(whenMatched));
  await merge('fail').catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
    return merge(whenMatched);
  });
}

async function copyThrough(
  source: Place,
  target: Place,
  transform: MigrateDocument | undefined,
  filter: Document,
  { onExisting = 'keep', batchSize = 1_000 }: MigrateOptions,
): Promise<MigrateResult> {
  await refuseView(WHAT, target);
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
  if (onExisting === 'keep') return insertMissing(target, batch);
  const operations = batch.map(({ _id, ...replacement }) => {
    return { replaceOne: { filter: { _id }, replacement, upsert: true } };
  });
  const done = await collection.bulkWrite(operations as never, { ordered: false, ...session });
  return done.upsertedCount + done.modifiedCount;
}

/** Whole documents: an update would take a dot in a field's name for a path. */
async function insertMissing(
  { collection, session, inTransaction }: Place,
  batch: readonly Document[],
): Promise<number> {
  const ids = batch.map(({ _id }) => _id);
  const found = await collection
    .find({ _id: { $in: ids } }, { projection: { _id: 1 }, ...session })
    .toArray();
  const there = new Set(found.map(({ _id }) => idText(_id)));
  const missing = batch.filter(({ _id }) => !there.has(idText(_id)) && there.add(idText(_id)));
  if (missing.length === 0) return 0;
  try {
    return (await collection.insertMany(missing, { ordered: false, ...session })).insertedCount;
  } catch (error) {
    // Somebody else inserted it meanwhile: it stays.
    const { insertedCount, writeErrors } = error as MongoBulkWriteError;
    if (![writeErrors ?? error].flat().every(isDuplicateKey) || inTransaction) throw error;
    return insertedCount;
  }
}
