import type { ClientSession, Document, Filter } from 'mongodb';
import { serverCode } from '../../drivers/mongodb/errors.ts';
import { type Moving, moveTogether, openSession } from './archive-together.ts';
import { checkPath } from './paths.ts';
import { invalid, type Place } from './place.ts';
import { clearly } from './server-refusals.ts';

export interface ArchiveOptions {
  /** Documents of a batch. Default 500. */
  readonly batchSize?: number | undefined;
  /** Only among these. */
  readonly filter?: Document | undefined;
  /**
   * Where the archive has another document of that _id: both stay where they are and count
   * as left (`keep`, default), or the archive's is written over (`replace`).
   */
  readonly onExisting?: 'keep' | 'replace' | undefined;
}

export interface ArchiveResult {
  readonly archivedCount: number;
  readonly deletedCount: number;
  /**
   * Old ones that are still in the source: the archive has another of that _id, or somebody
   * changed them each time they were copied.
   */
  readonly leftCount: number;
  readonly dryRun?: true | undefined;
}

const WHAT = 'archiveOldDocuments';
/** Numbers stay of the type they are stored as. */
const TYPED = { promoteValues: false, bsonRegExp: true } as const;
/** How often what somebody changed between copy and delete is copied again. */
const ROUNDS = 5;

interface Move extends Moving {
  /** Which documents are old. */
  readonly filter: Document;
  readonly onExisting: 'keep' | 'replace';
}

/**
 * Moves documents whose date is before the cutoff to another collection: each batch is
 * copied, and then deleted where it is still what was copied, in a transaction where the
 * server has them. Where it has none, a kill in between leaves documents in both, never in
 * none; going on settles it, but for those that somebody changed since: they count as left.
 */
export async function archiveOldDocuments(
  source: Place,
  archive: Place,
  cutoff: Date,
  dateField: string,
  { batchSize = 500, filter: only, onExisting = 'keep' }: ArchiveOptions,
): Promise<ArchiveResult> {
  checkPath(WHAT, dateField, false);
  if (!(cutoff instanceof Date) || Number.isNaN(cutoff.getTime())) {
    throw invalid(WHAT, `needs a Date as its cutoff, not ${String(cutoff)}`);
  }
  if (source.name === archive.name && source.model.db === archive.model.db) {
    throw invalid(WHAT, `was given ${source.name} as source and as archive`);
  }
  const old = { [dateField]: { $lt: cutoff } };
  const filter = only ? { $and: [only, old] } : old;
  if (source.options.dryRun) {
    const count = await source.collection.countDocuments(filter, source.session);
    return { archivedCount: count, deletedCount: 0, leftCount: count, dryRun: true };
  }
  const move: Move = { source, archive, filter, onExisting, moved: 0, left: 0 };
  const session = await openSession(move);
  try {
    await clearly(WHAT, source.name, () => moveAll(move, session, batchSize));
  } finally {
    await session?.endSession();
  }
  if (move.left > 0) {
    source.run?.ctx.log(
      `${WHAT} left ${move.left} documents in ${source.name}: ${archive.name} has others of the same _id, or somebody kept changing them.`,
    );
  }
  return { archivedCount: move.moved, deletedCount: move.moved, leftCount: move.left };
}

async function moveAll(
  move: Move,
  session: ClientSession | undefined,
  batchSize: number,
): Promise<void> {
  const { source, filter } = move;
  let batch: Document[] = [];
  const next = async (): Promise<void> => {
    if (batch.length === 0) return;
    source.check();
    await (session ? moveTogether(move, session, batch, moveBatch) : moveBatch(move, batch));
    batch = [];
    source.progress(move.moved);
  };
  const options = { batchSize, ...TYPED, ...source.session };
  for await (const document of source.collection.find(filter, options)) {
    batch.push(document);
    if (batch.length >= batchSize) await next();
  }
  await next();
}

async function moveBatch(move: Move, batch: readonly Document[]): Promise<void> {
  let copied = move.onExisting === 'replace' ? batch : await insertNew(move, batch);
  move.left += batch.length - copied.length;
  if (move.onExisting === 'replace') await overwrite(move, copied);
  for (let round = 0; copied.length > 0; round++) {
    const deleted = await deleteCopied(move, copied);
    move.moved += deleted;
    if (deleted === copied.length) return;
    copied = await changedMeanwhile(move, copied);
    if (round === ROUNDS) {
      move.left += copied.length;
      return;
    }
    await overwrite(move, copied);
  }
}

const idsOf = (documents: readonly Document[]): unknown[] => documents.map(({ _id }) => _id);

/** @returns those that the archive has now, unless it has another document of that _id */
async function insertNew({ archive }: Move, batch: readonly Document[]): Promise<Document[]> {
  const there = await placesOfExisting(archive, batch);
  const fresh = batch.filter((_, index) => !there.has(index));
  const late = fresh.length > 0 ? await insert(archive, fresh) : [];
  const copied = fresh.filter((document) => !late.includes(document));
  // What a killed one copied is the same, and what somebody else archived may be.
  for (const document of [...batch.filter((_, index) => there.has(index)), ...late]) {
    const same = await archive.collection.findOne(exactly(document), {
      projection: { _id: 1 },
      ...archive.session,
    });
    if (same !== null) copied.push(document);
  }
  return copied;
}

/** The server compares, for it knows when two ids are the same. */
async function placesOfExisting(
  { collection, session }: Place,
  batch: readonly Document[],
): Promise<Set<number>> {
  const ids = idsOf(batch);
  const pipeline = [
    { $match: { _id: { $in: ids } } },
    { $project: { _id: 0, place: { $indexOfArray: [{ $literal: ids }, '$_id'] } } },
  ];
  const found = await collection.aggregate(pipeline, session).toArray();
  return new Set(found.map((one) => Number(one['place'])));
}

/** @returns those that somebody else inserted in the meantime */
async function insert(
  { collection, session, inTransaction }: Place,
  documents: readonly Document[],
): Promise<Document[]> {
  try {
    await collection.insertMany([...documents], { ordered: inTransaction, ...session });
    return [];
  } catch (error) {
    // The transaction is over: nothing more can be asked in it.
    if (inTransaction) throw error;
    const { writeErrors } = error as { writeErrors?: unknown };
    const failed = [writeErrors ?? []].flat() as { code: number; index: number }[];
    if (serverCode(error) !== 11000 || failed.some(({ code }) => code !== 11000)) throw error;
    // Of another unique index than that of _id: what is not there now will not be inserted.
    const late = failed.map(({ index }) => documents[index] as Document);
    const there = await placesOfExisting({ collection, session } as Place, late);
    if (there.size < late.length) throw error;
    return late;
  }
}

async function overwrite({ archive }: Move, documents: readonly Document[]): Promise<void> {
  if (documents.length === 0) return;
  const copies = documents.map(({ _id, ...replacement }) => ({
    replaceOne: { filter: { _id }, replacement, upsert: true },
  }));
  const options = { ordered: false, ...archive.session };
  await archive.collection.bulkWrite(copies as never, options);
}

async function deleteCopied({ source }: Move, copied: readonly Document[]): Promise<number> {
  const deletes = copied.map((document) => ({ deleteOne: { filter: exactly(document) } }));
  const options = { ordered: false, ...source.session };
  return (await source.collection.bulkWrite(deletes as never, options)).deletedCount;
}

/** As they are now. One that is not old any more is no archive's: its copy is taken back. */
async function changedMeanwhile(
  { source, archive, filter }: Move,
  copied: readonly Document[],
): Promise<Document[]> {
  const among = { _id: { $in: idsOf(copied) } };
  const options = { ...TYPED, ...source.session };
  const still = { $and: [among, filter] } as Filter<Document>;
  const young = { $and: [among, { $nor: [filter] }] } as Filter<Document>;
  const taken = await source.collection.find(young, options).toArray();
  if (taken.length > 0) {
    const theirs = { _id: { $in: idsOf(taken) } };
    const deletes = copied.map((copy) => ({
      deleteOne: { filter: { $and: [exactly(copy), theirs] } },
    }));
    await archive.collection.bulkWrite(deletes as never, { ordered: false, ...archive.session });
  }
  return source.collection.find(still, options).toArray();
}

/** The document, as long as it is what was read. */
function exactly(document: Document): Filter<Document> {
  return { _id: document['_id'], $expr: { $eq: ['$$ROOT', { $literal: document }] } };
}
