import type { Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';

/** Update operators, or a pipeline. Plain fields are set. */
export function toUpdate(job: BackfillJob): Document | Document[] {
  if (job.change.type !== 'set') {
    throw new GodwitError(
      'GODWIT_BACKFILL_INVALID',
      'MongoDB has no SQL: use `set` or `transform`.',
      {
        state: 'Nothing was done.',
      },
    );
  }
  const { set } = job.change;
  if (Array.isArray(set)) return set as Document[];
  const fields = set as Document;
  const operators = Object.keys(fields).filter((name) => name.startsWith('$')).length;
  return operators > 0 ? fields : { $set: fields };
}
