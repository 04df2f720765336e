import type { AnyBulkWriteOperation, Db, Document } from 'mongodb';
import { checkKeys, inBatches, keyFields } from '../../core/record-key.ts';
import type { UpsertCounts, UpsertOptions } from '../../ports/context.ts';
import { loadDriver } from './load-driver.ts';

const BATCH = 1000;

/** `ctx.upsert`: through the run's own handles, so in its transaction where it has one. */
export async function upsert(
  db: Db,
  target: string,
  records: readonly object[],
  options: UpsertOptions,
  root: string,
): Promise<UpsertCounts> {
  const fields = keyFields(options.key);
  checkKeys(target, records, fields);
  const documents = options.extendedJson ? withTypes(records, root) : (records as Document[]);
  let inserted = 0;
  let updated = 0;
  for (const batch of inBatches(documents, BATCH)) {
    const result = await db
      .collection(target)
      .bulkWrite(batch.map((document) => operation(document, fields)));
    inserted += result.upsertedCount;
    updated += result.modifiedCount;
  }
  return { inserted, updated, unchanged: records.length - inserted - updated };
}

/** An `_id` cannot be changed, so it is said only of a document that is new. */
function operation(document: Document, fields: readonly string[]): AnyBulkWriteOperation<Document> {
  const filter = Object.fromEntries(fields.map((field) => [field, { $eq: document[field] }]));
  const given = Object.entries(document).filter(([, value]) => value !== undefined);
  const set = given.filter(([field]) => field !== '_id' && !fields.includes(field));
  const onInsert = given.filter(([field]) => field === '_id' || set.length === 0);
  const update = {
    ...(set.length > 0 && { $set: Object.fromEntries(set) }),
    ...(onInsert.length > 0 && { $setOnInsert: Object.fromEntries(onInsert) }),
  };
  return { updateOne: { filter, update, upsert: true } };
}

/** Only what has a `$` needs the project's own BSON library. */
function withTypes(records: readonly object[], root: string): Document[] {
  if (!JSON.stringify(records).includes('"$')) return records as Document[];
  const { EJSON } = loadDriver(root).module.BSON;
  return records.map((record) => EJSON.deserialize(record as Document, { relaxed: true }));
}
