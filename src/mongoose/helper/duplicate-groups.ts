import type { Document } from 'mongodb';
import { sameValue } from '../../core/backfill/same-value.ts';
import { compareIds } from '../../drivers/mongodb/id-order.ts';
import type { DuplicateOptions } from './duplicate-options.ts';
import { invalid, type Place } from './place.ts';

export const WHAT = 'removeDuplicates';
/** Groups that are looked at together. */
export const BATCH = 1_000;

/** Documents that have the same values. */
export interface Group {
  readonly value: Document;
  readonly ids: readonly unknown[];
}

/** Which of them stays. */
export interface Decision {
  readonly value: Document;
  readonly keep: unknown;
  readonly remove: readonly unknown[];
}

/** Groups of more than one, their ids in the order in which they are to be kept. */
export function groupsOf(
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
    // By itself the server fills 16 MB, which is ten times as much once it is objects.
    batchSize: BATCH,
    ...(collation && { collation: collation as never }),
    ...place.session,
  });
  return cursor.map(({ _id, ids }) => ({
    value: fields.length === 1 ? { f0: _id ?? null } : (_id as Document),
    ids,
  }));
}

export async function decide(
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
