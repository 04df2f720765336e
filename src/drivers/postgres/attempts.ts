import { GodwitError } from '../../errors.ts';
import type { Job } from '../../ports/session.ts';
import { BlockerWatch } from './blockers.ts';
import { isRetryable } from './errors.ts';
import type { Interrupts } from './interrupt.ts';
import { pause } from './wait.ts';
import { rollback, type Workplace } from './workplace.ts';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;

/**
 * Does the work of one transaction, and does it again when it met a lock that it did not
 * get in time: short waits with pauses, so that the application's queries, which queue
 * behind a waiting ALTER TABLE, get their turn in between.
 *
 * @param work begins a transaction and commits it; after an error it is rolled back here
 */
export async function withAttempts<T>(
  place: Workplace,
  job: Job,
  interrupts: Interrupts,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    interrupts.check();
    const watch = new BlockerWatch(place, job.limits.lockTimeoutMs);
    try {
      const result = await work();
      await watch.finish();
      return result;
    } catch (error) {
      const blockers = await watch.finish();
      await rollback(place);
      if (!isRetryable(error) || place.connection.lost.aborted) throw error;
      if (attempt > job.limits.lockRetries) throw withBlockers(error, blockers, attempt);
      await wait(job, attempt, error, blockers);
    }
  }
}

async function wait(
  job: Job,
  attempt: number,
  error: unknown,
  blockers: readonly string[],
): Promise<void> {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  const delayMs = Math.round(longest * (0.5 + Math.random() / 2));
  const { run, id, direction } = job.header;
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  job.emit({ type: 'run.retrying', run, id, direction, attempt, delayMs, reason, blockers });
  await pause(delayMs, AbortSignal.any([job.stop, job.abort]));
}

function withBlockers(error: unknown, blockers: readonly string[], attempts: number): unknown {
  if (!(error instanceof GodwitError)) return error;
  const tried = attempts > 1 ? `\nTried ${attempts} times.` : '';
  const who = blockers.length > 0 ? `\nBlocked by ${blockers.join('; ')}.` : '';
  return new GodwitError(error.code, `${error.message}${tried}${who}`, {
    cause: error.cause,
    where: error.where,
    state: error.state,
    next: error.next,
  });
}
