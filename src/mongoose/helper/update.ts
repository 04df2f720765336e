import type { Document, UpdateFilter } from 'mongodb';
import type { Place } from './place.ts';
import { clearly } from './server-refusals.ts';

/** What a helper did, in the driver's own words. */
export interface HelperResult {
  readonly matchedCount: number;
  readonly modifiedCount: number;
  /** Documents in which the field's place is taken by something that cannot hold it. */
  readonly skippedCount?: number | undefined;
  /** Nothing was written. */
  readonly dryRun?: true | undefined;
}

export interface Pass {
  readonly filter: Document;
  readonly update: UpdateFilter<Document> | Document[];
}

/** One `updateMany` for each pass. */
export async function updateAll(
  place: Place,
  what: string,
  passes: readonly Pass[],
  skipped?: Document,
): Promise<HelperResult> {
  return clearly(what, place.name, async () => {
    let matchedCount = 0;
    let modifiedCount = 0;
    for (const { filter, update } of passes) {
      place.check();
      if (place.options.dryRun) {
        matchedCount += await place.collection.countDocuments(filter, place.session);
        continue;
      }
      const done = await place.collection.updateMany(filter, update, place.session);
      matchedCount += done.matchedCount;
      modifiedCount += done.modifiedCount;
      place.progress(matchedCount);
    }
    const skippedCount = skipped && (await place.collection.countDocuments(skipped, place.session));
    return {
      matchedCount,
      modifiedCount,
      ...(skippedCount !== undefined && { skippedCount }),
      ...(place.options.dryRun && { dryRun: true as const }),
    };
  });
}
