import type { Document } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import { prefixesOf } from './paths.ts';
import type { Place } from './place.ts';

export interface DuplicateValue {
  readonly value: unknown;
  readonly count: number;
  readonly ids: readonly unknown[];
}

export interface UniqueIndexOptions {
  readonly sparse?: boolean | undefined;
  readonly partialFilterExpression?: Document | undefined;
  readonly collation?: Document | undefined;
}

const SHOWN = 10;
const SHOWN_IDS = 3;

/**
 * Values that a unique index over these fields would not take: as the index sees them, so
 * a missing field is `null` unless the index is sparse or partial, and each element of an
 * array counts.
 */
export async function findDuplicates(
  place: Place,
  fields: readonly string[],
  { sparse, partialFilterExpression, collation }: UniqueIndexOptions,
): Promise<DuplicateValue[]> {
  const some = { $or: fields.map((field) => ({ [field]: { $exists: true } })) };
  const conditions = [
    ...(sparse ? [some] : []),
    ...(partialFilterExpression ? [partialFilterExpression] : []),
  ];
  const pipeline: Document[] = [
    ...(conditions.length > 0 ? [{ $match: { $and: conditions } }] : []),
    { $project: projectionOf(fields) },
    ...unwindsOf(fields),
    { $group: { _id: keyOf(fields), documents: { $addToSet: '$_id' } } },
    { $match: { 'documents.1': { $exists: true } } },
    { $project: { count: { $size: '$documents' }, ids: { $slice: ['$documents', SHOWN_IDS] } } },
    { $sort: { count: -1, _id: 1 } },
    { $limit: SHOWN + 1 },
  ];
  const found = await place.collection
    .aggregate(pipeline, {
      allowDiskUse: true,
      ...(collation && { collation: collation as never }),
      ...place.session,
    })
    .toArray();
  return found.map(({ _id, count, ids }) => ({
    value:
      fields.length === 1
        ? (_id as Document)['f0']
        : Object.fromEntries(fields.map((field, i) => [field, (_id as Document)[`f${i}`]])),
    count: Number(count),
    ids: ids as unknown[],
  }));
}

/** `a` beside `a.b` would be a conflict in a projection. */
function projectionOf(fields: readonly string[]): Document {
  const outer = fields.filter(
    (field) => !prefixesOf(field).some((prefix) => fields.includes(prefix)),
  );
  return { _id: 1, ...Object.fromEntries(outer.map((field) => [field, 1])) };
}

/** An index has an entry for each element; what is no array is left as it is by `$unwind`. */
function unwindsOf(fields: readonly string[]): Document[] {
  const paths = [...new Set(fields.flatMap((field) => [...prefixesOf(field), field]))];
  return paths.map((path) => ({ $unwind: { path: `$${path}`, preserveNullAndEmptyArrays: true } }));
}

function keyOf(fields: readonly string[]): Document {
  return Object.fromEntries(fields.map((field, i) => [`f${i}`, { $ifNull: [`$${field}`, null] }]));
}

/** Names the values, and what to do about them. */
export function duplicatesError(
  place: Place,
  fields: readonly string[],
  found: readonly DuplicateValue[],
): GodwitError {
  const list = found
    .slice(0, SHOWN)
    .map(
      ({ value, count, ids }) =>
        `  - ${show(value)}: ${count} documents, such as _id ${ids.map(show).join(', ')}`,
    );
  const more = found.length > SHOWN ? '\n  - and more' : '';
  const names = fields.join(', ');
  const model = place.model.modelName ?? place.name;
  const argument =
    fields.length === 1 ? `'${fields[0]}'` : `[${fields.map((field) => `'${field}'`).join(', ')}]`;
  return new GodwitError(
    'GODWIT_DUPLICATES',
    `${place.name} has documents with the same ${names}, so a unique index cannot be built:\n${list.join('\n')}${more}`,
    {
      state: 'No index was built, and no document was changed.',
      next: [
        `remove them before the index is built: await MigrationHelper.removeDuplicates(${model}, ${argument})`,
        ...(found.some(({ value }) => value === null)
          ? [
              `where ${names} may be missing: add { partialFilterExpression: { ${fields[0]}: { $exists: true } } }`,
            ]
          : []),
      ],
    },
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
