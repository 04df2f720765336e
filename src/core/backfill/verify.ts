import type { ErrorInfo } from '../../errors.ts';
import { GodwitError } from '../../errors.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { BackfillJob } from '../../ports/backfill-job.ts';
import type { BackfillSpec, BackfillSummary } from '../../ports/backfill-spec.ts';

const COUNT_LIMIT = 1_000;

/** Asks a definition's own question. @returns what is wrong, if something is */
export async function askVerify(
  backfills: Backfills,
  job: BackfillJob,
  verify: BackfillSpec['verify'],
  summary: BackfillSummary,
): Promise<ErrorInfo | undefined> {
  if (verify === undefined) return undefined;
  if (typeof verify !== 'function') {
    const found = await backfills.count(job, verify, COUNT_LIMIT);
    if (found === 0) return undefined;
    const many = found >= COUNT_LIMIT ? `${found} or more` : String(found);
    return failed(`${many} rows match what the verify of ${job.name} says none may match.`);
  }
  try {
    const count = (filter: unknown, limit?: number) => backfills.count(job, filter, limit);
    const answer = await (verify as (call: unknown) => unknown)({ count, summary });
    return answer === false ? failed(`The verify of ${job.name} returned false.`) : undefined;
  } catch (thrown) {
    if (thrown instanceof GodwitError && thrown.code !== 'GODWIT_VERIFY_FAILED') throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return failed(`The verify of ${job.name} failed: ${message}`);
  }
}

function failed(message: string): ErrorInfo {
  return { code: 'GODWIT_VERIFY_FAILED', message };
}
