import { createHash } from 'node:crypto';
import type { Collection, Db, Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import { SERVER_CODE, serverCode } from '../errors.ts';
import { MAJORITY } from '../store.ts';
import { type CollectionInfo, listCollections, secondaryIndexes } from './collection-info.ts';

export interface CopyOptions {
  /** Name of the copy. Default: `NAME_backup_TIME`. */
  readonly to?: string | undefined;
  /** Prefix of godwit's own collections; the copies' records are in `PREFIXcopies`. */
  readonly prefix?: string | undefined;
  /** Ends it; what was half made is dropped. */
  readonly signal?: AbortSignal | undefined;
}

export interface CollectionCopy {
  readonly name: string;
  readonly documents: number;
  /** Indexes, the one of `_id` not counted, that a restore brings back. */
  readonly indexes: number;
}

/** What a copy was of: the copy itself is bare, so that no TTL index eats from it. */
interface CopyRecord extends Document {
  readonly _id: string;
  readonly of: string;
  readonly complete: boolean;
  readonly at: Date;
  readonly options: Document;
  readonly indexes: readonly Document[];
}

/**
 * Copies a collection inside the server, by `$out`. Not at one point in time: what others
 * write meanwhile may or may not be in it. Its options and indexes are remembered in
 * `godwit_copies`, for `restoreCopy`.
 *
 * @throws GodwitError `GODWIT_COLLECTION_MISSING`; `GODWIT_UNSUPPORTED` for a view or a time
 *   series; `GODWIT_COLLECTION_EXISTS` where the copy's name is taken;
 *   `GODWIT_TRANSACTION_REFUSED` inside a transaction; `GODWIT_STOPPED`
 * @example
 * const copy = await copyCollection(db, 'users');
 * await restoreCopy(db, 'users', copy.name);
 * await dropCopy(db, copy.name);
 */
export async function copyCollection(
  db: Db,
  name: string,
  options: CopyOptions = {},
): Promise<CollectionCopy> {
  const info = await suitable(db, name);
  const to = options.to ?? `${name}_backup_${new Date().toISOString().replace(/\D/g, '')}`;
  refuseStopped(options.signal);
  await createNew(db, to);
  const records = recordsOf(db, options);
  try {
    const { options: made, indexes } = info;
    const record = { of: name, complete: false, at: new Date(), options: made, indexes };
    await records.replaceOne({ _id: to }, record as CopyRecord, {
      upsert: true,
      writeConcern: MAJORITY,
    });
    await pour(db, name, to, '$out', options.signal);
    const done = { $set: { complete: true } };
    await records.updateOne({ _id: to }, done, { writeConcern: MAJORITY });
    return {
      name: to,
      documents: await db.collection(to).estimatedDocumentCount(),
      indexes: secondaryIndexes(info).length,
    };
  } catch (error) {
    await dropCopy(db, to, options).catch(() => {});
    throw named(error, `copy ${name}`, `${name} is as it was; the unfinished copy is dropped.`);
  }
}

/**
 * Puts a collection back as it was when it was copied: documents, options, validator and
 * indexes, in one step (a rename) at the end. The copy stays.
 *
 * @throws GodwitError `GODWIT_COLLECTION_MISSING` when there is no (complete) copy of that
 *   name; `GODWIT_TRANSACTION_REFUSED`; `GODWIT_STOPPED`
 */
export async function restoreCopy(
  db: Db,
  original: string,
  copy: string,
  options: CopyOptions = {},
): Promise<CollectionCopy> {
  const [info] = await listCollections(db, [copy]);
  const record = await recordsOf(db, options).findOne({ _id: copy }, { promoteValues: false });
  const usable = record === null || String(record.complete) === 'true';
  if (info === undefined || !usable) throw noCopy(copy, original, info !== undefined);
  // A copy that somebody else made: as its collection is now, which is all that is known.
  const like = record ?? (await listCollections(db, [original]))[0] ?? info;
  const temporary = temporaryName(original);
  refuseStopped(options.signal);
  try {
    // What a killed restore of the same collection left.
    await db.command({ drop: temporary }).catch(() => {});
    await db.command({ create: temporary, ...like.options, writeConcern: MAJORITY });
    const way = like.options['capped'] ? '$merge' : '$out';
    await pour(db, copy, temporary, way, options.signal);
    const indexes = secondaryIndexes(like);
    if (indexes.length > 0) {
      await db.command({ createIndexes: temporary, indexes, writeConcern: MAJORITY });
    }
    refuseStopped(options.signal);
    const documents = await db.collection(temporary).estimatedDocumentCount();
    await db.renameCollection(temporary, original, { dropTarget: true });
    return { name: original, documents, indexes: indexes.length };
  } catch (error) {
    await db.dropCollection(temporary).catch(() => {});
    throw named(error, `restore ${original} from ${copy}`, `${original} was not changed.`);
  }
}

/**
 * Drops a copy and what was remembered of it.
 *
 * @returns false when there was none
 */
export async function dropCopy(db: Db, copy: string, options: CopyOptions = {}): Promise<boolean> {
  const there = await db.listCollections({ name: copy }, { nameOnly: true }).hasNext();
  if (there) await db.dropCollection(copy);
  await recordsOf(db, options).deleteOne({ _id: copy });
  return there;
}

/** The same at each try, and short, whatever the collection is called. */
function temporaryName(original: string): string {
  return `godwit_restoring_${createHash('sha256').update(original).digest('hex').slice(0, 16)}`;
}

/**
 * The copies there are: what `backupCollection` keeps is no part of the schema.
 *
 * @param listed names of the collections, so that a database without copies is not asked
 */
export async function copyNames(db: Db, listed: readonly string[]): Promise<ReadonlySet<string>> {
  if (!listed.includes('godwit_copies')) return new Set();
  const records = await recordsOf(db, {})
    .find({}, { projection: { _id: 1 } })
    .toArray();
  return new Set(records.map(({ _id }) => _id));
}

function recordsOf(db: Db, { prefix = 'godwit_' }: CopyOptions): Collection<CopyRecord> {
  return db.collection<CopyRecord>(`${prefix}copies`);
}

async function suitable(db: Db, name: string): Promise<CollectionInfo> {
  const [info] = await listCollections(db, [name]);
  if (info === undefined) {
    throw new GodwitError('GODWIT_COLLECTION_MISSING', `There is no collection ${name} to copy.`, {
      state: 'Nothing was done.',
    });
  }
  if (info.type === 'collection') return info;
  const what = info.type === 'view' ? 'a view' : 'a time series';
  throw new GodwitError('GODWIT_UNSUPPORTED', `${name} is ${what}: the server cannot copy it.`, {
    state: 'Nothing was done.',
    next: [`back it up to files: godwit backup create --collection ${name}`],
  });
}

/** `$out` would replace whatever bears the name. */
async function createNew(db: Db, name: string): Promise<void> {
  try {
    await db.command({ create: name, writeConcern: MAJORITY });
  } catch (error) {
    if (serverCode(error) !== SERVER_CODE.namespaceExists) {
      throw named(error, `create ${name}`, 'Nothing was done.');
    }
    throw new GodwitError('GODWIT_COLLECTION_EXISTS', `There is a collection ${name} already.`, {
      state: 'Nothing was done.',
      next: ['name the copy otherwise, or drop what is there'],
    });
  }
}

/**
 * All documents of one into the other. `$out` is the faster, but does not write into capped
 * collections.
 */
async function pour(
  db: Db,
  from: string,
  to: string,
  way: '$out' | '$merge',
  signal: AbortSignal | undefined,
): Promise<void> {
  const stage =
    way === '$out' ? { $out: to } : { $merge: { into: to, on: '_id', whenMatched: 'fail' } };
  const cursor = db.collection(from).aggregate([stage], {
    bypassDocumentValidation: true,
    collation: { locale: 'simple' },
    writeConcern: MAJORITY,
  });
  const stop = (): void => void cursor.close().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await cursor.toArray();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  refuseStopped(signal);
}

function refuseStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new GodwitError('GODWIT_STOPPED', 'Stopped.');
}

function noCopy(copy: string, original: string, incomplete: boolean): GodwitError {
  const message = incomplete
    ? `The copy ${copy} was not finished when it was made.`
    : `There is no copy ${copy}.`;
  return new GodwitError('GODWIT_COLLECTION_MISSING', message, {
    state: `${original} was not changed.`,
    next: ['name a finished copy; they are listed in the collection godwit_copies'],
  });
}

function named(error: unknown, what: string, state: string): unknown {
  const code = serverCode(error);
  const inTransaction =
    code === SERVER_CODE.operationNotSupportedInTransaction ||
    /in a multi-document transaction|in transactions/i.test(String((error as Error)?.message));
  if (!inTransaction) return error;
  return new GodwitError(
    'GODWIT_TRANSACTION_REFUSED',
    `Could not ${what}: the server copies no collection inside a transaction.`,
    { state, next: ['declare `transaction: false` in the migration'], cause: error },
  );
}
