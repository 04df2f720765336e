import { GodwitError } from '../../errors.ts';
import type { EndedEvent } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import type { MongoCall } from './context.ts';
import type { Tally } from './guard/counts.ts';
import { toRecordable } from './record.ts';

/** Where a run stands when it throws. */
export interface Progress {
  phase: 'step' | 'verify';
}

const STACK_DEPTH = 50;

/** Runs the step, then `verify`. */
export async function perform(job: Job, call: MongoCall, progress: Progress): Promise<unknown> {
  const { step, verify } = job;
  if (step.type === 'sql' || verify?.type === 'sql') throw noSql(job);
  const ready = call.prepare();
  if (ready) await ready;
  const returned = await step.run(call);
  if (verify === undefined) return returned;
  progress.phase = 'verify';
  if ((await verify.run(call)) === false) {
    throw new GodwitError('GODWIT_VERIFY_FAILED', `The verify of ${job.header.id} returned false.`);
  }
  return returned;
}

let deepened = 0;
let usualDepth = 0;

/**
 * The driver's own frames would push the user's out of a stack of ten. For as long as a lock
 * is held, because a change for each run would make the engine compile a lot of code again.
 *
 * @returns ends it
 */
export function deepenStacks(): () => void {
  if (deepened++ === 0) {
    usualDepth = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.max(usualDepth, STACK_DEPTH);
  }
  return () => {
    if (--deepened === 0) Error.stackTraceLimit = usualDepth;
  };
}

/** Ends as soon as the work does or one of the signals says so; the work's error is kept quiet then. */
export async function untilAborted<T>(
  work: Promise<T>,
  signals: readonly AbortSignal[],
): Promise<T> {
  work.catch(() => {});
  const listeners: (() => void)[] = [];
  const aborted = new Promise<never>((_, reject) => {
    for (const signal of signals) {
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      listeners.push(() => signal.removeEventListener('abort', onAbort));
    }
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    for (const remove of listeners) remove();
  }
}

export function doneStatus(job: Job): 'applied' | 'reverted' {
  return job.header.direction === 'up' ? 'applied' : 'reverted';
}

/** What `up` returned, and what was done per collection. */
export function resultOf(returned: unknown, tally: Tally): Pick<Outcome, 'result' | 'counts'> {
  const result = toRecordable(returned);
  const counts = toRecordable(tally.counts) as Outcome['counts'];
  return { ...(result !== undefined && { result }), ...(counts && { counts }) };
}

export function endedEvent(
  job: Job,
  outcome: Omit<Outcome, 'recorded' | 'transactional'>,
): EndedEvent {
  const { effect, durationMs, result, counts, error, stack } = outcome;
  return {
    ...job.header,
    event: 'ended',
    status: outcome.status === 'stopped' ? 'failed' : outcome.status,
    effect,
    via: 'run',
    durationMs,
    ...(result !== undefined && { result }),
    ...(counts && { counts }),
    ...(error && { error }),
    ...(error && stack !== undefined && { stack }),
    ...(job.backup !== undefined && { backup: job.backup }),
  };
}

export function stopped(job: Job): GodwitError {
  return new GodwitError('GODWIT_STOPPED', `${job.header.id} was stopped.`);
}

export function noSql(job: Job): GodwitError {
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${job.header.id} is SQL, which MongoDB does not run.`,
    {
      state: 'Nothing was run.',
      next: ['put it into the folder of a PostgreSQL database'],
    },
  );
}
