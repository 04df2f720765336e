import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { sameValue } from '../../core/backfill/same-value.ts';
import { compareIds, idText } from '../../drivers/mongodb/id-order.ts';
import { checkPath } from './paths.ts';
import { invalid, type ModelLike, type Place } from './place.ts';
import { referencePass } from './references.ts';
import { clearly } from './server-refusals.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents are what the collection holds
type AnyDocument = any;

/** A field of another (or the same) collection that holds ids of these documents. */
export interface ReferenceField {
  readonly model: ModelLike;
  readonly field: string;
}

export interface DuplicateOptions {
  /**
   * Which of them stays: `first` (default, the smallest _id: of ObjectIds the oldest),
   * `last`, the first in a sort such as `{ updatedAt: -1 }`, or the one that a function
   * returns of all that are the same.
   */
  readonly keep?:
    | 'first'
    | 'last'
    | Readonly<Record<string, 1 | -1>>
    | ((documents: readonly AnyDocument[]) => AnyDocument | Promise<AnyDocument>)
    | undefined;
  /** What refers to a removed document is made to refer to the one that stays, first. */
  readonly references?: readonly ReferenceField[] | undefined;
  /** Only among these documents. */
  readonly filter?: Document | undefined;
  /** Compares texts as this says, such as `{ locale: 'en', strength: 2 }` for any case. */
  readonly collation?: Document | undefined;
  /** Documents that lack the field, or hold `null`, are the same too. Default false: they stay. */
  readonly missing?: boolean | undefined;
}

export interface DuplicateResult {
  /** Values that more than one document had. */
  readonly duplicateValues: number;
  readonly deletedCount: number;
  readonly referencesUpdated: number;
  /** Values left alone because a document changed meanwhile; running it again settles them. */
  readonly skippedCount: number;
  readonly dryRun?: true | undefined;
}

interface Group {
  readonly value: Document;
  readonly ids: readonly unknown[];
}

interface Decision {
  readonly value: Document;
  readonly keep: unknown;
  readonly remove: readonly unknown[];
}

const WHAT = 'removeDuplicates';
const BATCH = 1_000;
const BATCHES_AT_ONCE = 2;

/**
 * Removes all but one of the documents that have the same values. The server finds them;
 * only what is removed comes over the wire.
 */
export async function removeDuplicates(
  place: Place,
  fields: readonly string[],
  options: DuplicateOptions,
  placeOf: (model: ModelLike) => Promise<Place>,
): Promise<DuplicateResult> {
  if (fields.length === 0) throw invalid(WHAT, 'needs a field');
  for (const field of fields) checkPath(WHAT, field, false);
  const references = await Promise.all(
    (options.references ?? []).map(async ({ model, field }) => ({
      place: await placeOf(model),
      field,
    })),
  );
  const total = { duplicateValues: 0, deletedCount: 0, referencesUpdated: 0, skippedCount: 0 };
  // The server removes from one batch while the next is looked at.
  const inOrder = references.length > 0 || typeof options.keep === 'function' || hasSession(place);
  const atOnce = inOrder ? 1 : BATCHES_AT_ONCE;
  const underWay = new Set<Promise<void>>();
  const settle = async (groups: readonly Group[]): Promise<void> => {
    const done = await removeBatch(place, fields, options, groups, references);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += done[key];
    place.progress(total.deletedCount);
  };
  const begin = async (groups: readonly Group[]): Promise<void> => {
    place.check();
    while (underWay.size >= atOnce) await Promise.race(underWay);
    const settled = settle(groups).then(() => void underWay.delete(settled));
    settled.catch(() => {});
    underWay.add(settled);
  };
  await clearly(WHAT, place.name, async () => {
    try {
      let batch: Group[] = [];
      for await (const group of groupsOf(place, fields, options)) {
        batch.push(group);
        if (batch.length < BATCH) continue;
        await begin(batch);
        batch = [];
      }
      if (batch.length > 0) await begin(batch);
      await Promise.all(underWay);
    } finally {
      await Promise.allSettled(underWay);
    }
  });
  return { ...total, ...(place.options.dryRun && { dryRun: true as const }) };
}

/** A session does one thing at a time. */
function hasSession({ session, inTransaction }: Place): boolean {
  return inTransaction || session.session !== undefined;
}

/** Groups of more than one, their ids in the order in which they are to be kept. */
function groupsOf(
  place: Place,
  fields: readonly string[],
  { filter, collation, missing, keep }: DuplicateOptions,
): AsyncIterable<Group> {
  const present = missing ? [] : fields.map((field) => ({ [field]: { $ne: null } }));
  const conditions = [...(filter ? [filter] : []), ...present];
  const sorted = typeof keep === 'object' ? [{ $sort: { ...keep, _id: 1 } }] : [];
  const key = Object.fromEntries(
    fields.map((field, i) => [`f${i}`, { $ifNull: [`$${field}`, null] }]),
  );
  const [only] = fields;
  const pipeline: Document[] = [
    ...(conditions.length > 0 ? [{ $match: { $and: conditions } }] : []),
    ...sorted,
    { $group: { _id: fields.length === 1 ? `$${only}` : key, ids: { $push: '$_id' } } },
    { $match: { 'ids.1': { $exists: true } } },
  ];
  const cursor = place.collection.aggregate<{ _id: unknown; ids: unknown[] }>(pipeline, {
    allowDiskUse: true,
    ...(collation && { collation: collation as never }),
    ...place.session,
  });
  return cursor.map(({ _id, ids }) => ({
    value: fields.length === 1 ? { f0: _id ?? null } : (_id as Document),
    ids,
  }));
}

async function removeBatch(
  place: Place,
  fields: readonly string[],
  options: DuplicateOptions,
  groups: readonly Group[],
  references: readonly { readonly place: Place; readonly field: string }[],
): Promise<Omit<DuplicateResult, 'dryRun'>> {
  const decided = await Promise.all(groups.map((group) => decide(place, options, group)));
  const removing = decided.reduce((sum, { remove }) => sum + remove.length, 0);
  if (place.options.dryRun) {
    return {
      duplicateValues: groups.length,
      deletedCount: removing,
      referencesUpdated: 0,
      skippedCount: 0,
    };
  }
  const kept = await stillThere(place, fields, decided, options);
  let referencesUpdated = 0;
  for (const { place: other, field } of references) {
    const operations = kept.map(({ remove, keep }) => ({
      updateMany: referencePass(other.model, field, remove, keep),
    }));
    if (operations.length === 0) continue;
    const done = await other.collection.bulkWrite(operations as AnyBulkWriteOperation<Document>[], {
      ordered: false,
      ...place.session,
    });
    referencesUpdated += done.modifiedCount;
  }
  return {
    duplicateValues: groups.length,
    deletedCount: await deleteThem(place, fields, kept, options),
    referencesUpdated,
    skippedCount: groups.length - kept.length,
  };
}

async function decide(
  place: Place,
  { keep = 'first' }: DuplicateOptions,
  group: Group,
): Promise<Decision> {
  const { value, ids } = group;
  let stays: unknown;
  if (typeof keep === 'function') stays = await ask(place, keep, ids);
  else if (typeof keep === 'object') [stays] = ids;
  else {
    const ordered = [...ids].sort(compareIds);
    stays = keep === 'last' ? ordered.at(-1) : ordered[0];
  }
  return { value, keep: stays, remove: ids.filter((id) => !sameValue(id, stays)) };
}

async function ask(
  place: Place,
  keep: Extract<DuplicateOptions['keep'], (...args: never) => unknown>,
  ids: readonly unknown[],
): Promise<unknown> {
  const documents = await place.collection
    .find({ _id: { $in: ids as never[] } }, place.session)
    .sort({ _id: 1 })
    .toArray();
  const chosen = (await keep(documents)) as { _id?: unknown } | undefined;
  const id = chosen?._id;
  if (id !== undefined && ids.some((one) => sameValue(one, id))) return id;
  throw invalid(WHAT, 'was given a `keep` that returned none of the documents it was given');
}

/** A value whose kept document has changed or gone since it was found is left alone. */
async function stillThere(
  place: Place,
  fields: readonly string[],
  decided: readonly Decision[],
  { collation }: DuplicateOptions,
): Promise<Decision[]> {
  const projection = Object.fromEntries(fields.map((field) => [field, 1]));
  const found = await place.collection
    .find(
      { _id: { $in: decided.map(({ keep }) => keep) as never[] } },
      { projection, ...place.session },
    )
    .toArray();
  const byId = new Map(found.map((document) => [idText(document._id), document]));
  return decided.filter(({ keep, value }) => {
    const document = byId.get(idText(keep));
    if (document === undefined) return false;
    // Under a collation equal values are written differently: that it is there must do.
    return (
      collation !== undefined ||
      fields.every(
        (field, i) =>
          sameValue(valueAt(document, field) ?? null, value[`f${i}`] ?? null) ||
          isNested(document, field),
      )
    );
  });
}

function valueAt(document: Document, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((value, part) => (value as Document | undefined)?.[part], document);
}

function isNested(document: Document, field: string): boolean {
  return (
    field.includes('.') && Array.isArray(valueAt(document, field.slice(0, field.lastIndexOf('.'))))
  );
}

/** Only while they still have the value by which they were found. */
async function deleteThem(
  place: Place,
  fields: readonly string[],
  decided: readonly Decision[],
  { collation }: DuplicateOptions,
): Promise<number> {
  if (decided.length === 0) return 0;
  const [only] = fields;
  if (fields.length === 1 && only !== undefined) {
    // Whatever has one of these values is still the same as a document that stays.
    const filter = {
      _id: { $in: decided.flatMap(({ remove }) => remove) },
      [only]: { $in: decided.map(({ value }) => value['f0'] ?? null) },
    };
    const options = { ...place.session, ...(collation && { collation: collation as never }) };
    return (await place.collection.deleteMany(filter as never, options)).deletedCount;
  }
  const operations = decided.map(({ value, remove }) => ({
    deleteMany: {
      filter: {
        _id: { $in: remove },
        $expr: { $and: fields.map((field, i) => sameExpression(field, value[`f${i}`])) },
      },
      ...(collation && { collation }),
    },
  }));
  const done = await place.collection.bulkWrite(operations as never, {
    ordered: false,
    ...place.session,
  });
  return done.deletedCount;
}

function sameExpression(field: string, value: unknown): Document {
  return { $eq: [{ $ifNull: [`$${field}`, null] }, { $literal: value ?? null }] };
}
