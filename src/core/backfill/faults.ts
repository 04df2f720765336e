import type { ErrorInfo } from '../../errors.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { Chunk, Fault } from '../../ports/backfill-job.ts';
import type { Timers } from '../../ports/clock.ts';
import { backoffMs } from './backoff.ts';

/** An error that was understood and that trying again did not help against. */
export class Faulted extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, cause: unknown) {
    super(fault.error.message, { cause });
    this.fault = fault;
  }
}

/** How long a server may be away (a restart, a change of primary) before that is an error. */
const PATIENCE_MS = 60_000;

export interface Patience {
  readonly backfills: Pick<Backfills, 'classify'>;
  readonly timers: Timers;
  /** Ends the waiting between attempts, and what comes after one more attempt. */
  readonly ending: AbortSignal;
  onRetry(retry: {
    readonly chunk: Chunk | undefined;
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: ErrorInfo;
  }): void;
}

/**
 * Tries again while an error is transient.
 *
 * @throws Faulted with any other one, or when the patience is at its end
 */
export async function patiently<T>(
  patience: Patience,
  chunk: Chunk | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const { timers, ending } = patience;
  let since: number | undefined;
  for (let attempt = 1; ; attempt++) {
    const wasEnding = ending.aborted;
    try {
      return await run();
    } catch (thrown) {
      const fault = patience.backfills.classify(thrown);
      if (fault.kind !== 'transient') throw new Faulted(fault, thrown);
      since ??= timers.now();
      if (wasEnding || timers.now() - since > PATIENCE_MS) throw new Faulted(fault, thrown);
      const delayMs = backoffMs(attempt, timers.random());
      patience.onRetry({ chunk, attempt, delayMs, error: fault.error });
      await timers.sleep(delayMs, ending);
    }
  }
}
