import type { Document } from 'mongodb';
import type { IndexDefinition, OffendingValue } from '../../../ports/definition.ts';
import type { Store } from '../store.ts';

/** An aggregation that takes longer says nothing: the build itself will. */
const LONGEST_MS = 120_000;
/** How an index sees an empty list: not as it sees a missing field. */
const EMPTY = { $literal: [{ empty: 'list' }] };

/**
 * Values that several documents have, as a unique index would see them: elements of lists
 * one by one, missing as null, and only documents that it holds.
 */
export async function findOffending(
  { db }: Store,
  collection: string,
  index: IndexDefinition,
  limit: number,
): Promise<OffendingValue[]> {
  const fields = Object.keys(index.key);
  const options = {
    allowDiskUse: true,
    maxTimeMS: LONGEST_MS,
    ...(index.collation && { collation: index.collation as { locale: string } }),
  };
  const pipeline = pipelineOf(index, fields, limit);
  const found = await db.collection(collection).aggregate(pipeline, options).toArray();
  return found.map(({ _id, count, first, last }) => ({
    key: Object.fromEntries(fields.map((field, at) => [field, (_id as Document)[`k${at}`]])),
    count: Number(count),
    ids: [first, last],
  }));
}

function pipelineOf(index: IndexDefinition, fields: readonly string[], limit: number): Document[] {
  const { partialFilterExpression: partial, sparse } = index;
  const names = fields.map((_, at) => `k${at}`);
  const values = fields.map((field) => {
    const value = `$${field}`;
    return { $cond: [{ $eq: [value, []] }, EMPTY, value] };
  });
  const each = (value: (name: string, at: number) => unknown): Document =>
    Object.fromEntries(names.map((name, at) => [name, value(name, at)]));
  const present = fields.map((field) => ({ [field]: { $exists: true } }));
  return [
    ...(partial ? [{ $match: partial }] : []),
    ...(sparse ? [{ $match: { $or: present } }] : []),
    { $project: each((_, at) => values[at]) },
    ...names.map((name) => ({ $unwind: { path: `$${name}`, preserveNullAndEmptyArrays: true } })),
    // A value that one document has twice is no conflict.
    { $group: { _id: { key: each((name) => ({ $ifNull: [`$${name}`, null] })), id: '$_id' } } },
    {
      $group: {
        _id: '$_id.key',
        count: { $sum: 1 },
        first: { $min: '$_id.id' },
        last: { $max: '$_id.id' },
      },
    },
    { $match: { count: { $gt: 1 } } },
    { $sort: { count: -1 } },
    { $limit: limit },
  ];
}
