import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { deleteThem, stillThere } from './delete-duplicates.ts';
import { BATCH, decide, type Group, groupsOf, WHAT } from './duplicate-groups.ts';
import type { DuplicateOptions, DuplicateResult } from './duplicate-options.ts';
import { checkPath } from './paths.ts';
import { invalid, type ModelLike, type Place } from './place.ts';
import { referencePass } from './references.ts';
import { clearly } from './server-refusals.ts';

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
