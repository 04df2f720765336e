import type { Document } from 'mongodb';
import { sameValue } from '../../core/backfill/same-value.ts';
import { idText } from '../../drivers/mongodb/id-order.ts';
import type { Decision } from './duplicate-groups.ts';
import type { DuplicateOptions } from './duplicate-options.ts';
import type { Place } from './place.ts';

/** A value whose kept document has changed or gone since it was found is left alone. */
export async function stillThere(
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
export async function deleteThem(
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
