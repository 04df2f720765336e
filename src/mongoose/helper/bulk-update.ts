import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { invalid, type Place } from './place.ts';
import { clearly } from './server-refusals.ts';
import type { HelperResult } from './update.ts';

/** One change; plain fields are short for `$set`. The driver's own form is taken too. */
export type BulkUpdate =
  | {
      readonly filter: Document;
      readonly update: Document | Document[];
      readonly upsert?: boolean | undefined;
      /** All documents that match, not the first. */
      readonly multi?: boolean | undefined;
    }
  | AnyBulkWriteOperation<Document>;

export interface BulkResult extends HelperResult {
  readonly upsertedCount: number;
  readonly insertedCount: number;
  readonly deletedCount: number;
}

const WHAT = 'bulkUpdate';
const BATCH = 1_000;

/** Sends changes in batches, in their order. The list may be a generator: it is never held whole. */
export async function bulkUpdate(
  place: Place,
  updates: Iterable<BulkUpdate> | AsyncIterable<BulkUpdate>,
): Promise<BulkResult> {
  if (updates === null || typeof updates !== 'object')
    throw invalid(WHAT, 'needs a list of changes');
  const total = {
    matchedCount: 0,
    modifiedCount: 0,
    upsertedCount: 0,
    insertedCount: 0,
    deletedCount: 0,
  };
  let sent = 0;
  let batch: AnyBulkWriteOperation<Document>[] = [];
  const send = async (): Promise<void> => {
    if (batch.length === 0) return;
    place.check();
    const operations = batch;
    batch = [];
    sent += operations.length;
    if (!place.options.dryRun) {
      const done = await clearly(WHAT, place.name, () =>
        place.collection.bulkWrite(operations, { ordered: true, ...place.session }),
      );
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += done[key];
    }
    place.progress(sent);
  };
  for await (const update of updates) {
    batch.push(operationOf(update));
    if (batch.length >= BATCH) await send();
  }
  await send();
  if (!place.options.dryRun) return total;
  return { ...total, matchedCount: sent, dryRun: true };
}

function operationOf(given: BulkUpdate): AnyBulkWriteOperation<Document> {
  if (typeof given !== 'object' || given === null) {
    throw invalid(WHAT, `was given ${String(given)} in its list; { filter, update } was expected`);
  }
  if (!('update' in given)) return given as AnyBulkWriteOperation<Document>;
  const { filter, update, upsert, multi } = given;
  if (filter === undefined || filter === null)
    throw invalid(WHAT, 'was given a change without a filter');
  const isPlain = !Array.isArray(update) && !Object.keys(update).some((key) => key.startsWith('$'));
  const one = { filter, update: isPlain ? { $set: update } : update, ...(upsert && { upsert }) };
  return multi ? { updateMany: one } : { updateOne: one };
}
