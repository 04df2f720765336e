import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession } from 'mongodb';
import { errorInfo, GodwitError } from '../../errors.ts';
import type { EndedEvent } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { createCall } from './context.ts';
import { hasLabel, isTransient, SERVER_CODE, serverCode } from './errors.ts';
import { describeFailure, isTransientTransaction, stackOf } from './failures.ts';
import { Gate } from './guard/gate.ts';
import { killSession } from './leftovers.ts';
import { writeMirrors } from './mirror.ts';
import { refuseLate } from './only-backfills.ts';
import {
  doneStatus,
  endedEvent,
  type Progress,
  perform,
  resultOf,
  stopped,
  untilAborted,
} from './perform.ts';
import { whileReachable } from './topology.ts';
import { abort, commit, TRANSACTION } from './transaction.ts';
import { outlived } from './transaction-limit.ts';
import { findOut, RecordedFailure } from './unclear-commit.ts';
import { record, type Work } from './work.ts';

interface Attempt {
  readonly outcome: Pick<Outcome, 'status' | 'effect' | 'result' | 'counts' | 'error' | 'stack'>;
  /** Whether the driver says that the transaction may be tried again, and why. */
  readonly again?: string | undefined;
  /** Whether the log says how it ended. */
  readonly recorded: boolean;
}

/** Runs a job in one transaction with its record and the mirrors' documents. */
export async function runInside(work: Work, session: ClientSession, job: Job): Promise<Outcome> {
  const began = performance.now();
  await work.mirrors.look(job.mirrors);
  await work.log.settle();
  const attempts = 1 + Math.max(job.limits.lockRetries, 1);
  for (let attempt = 1; ; attempt++) {
    const { outcome, again, recorded } = await tryOnce(work, session, job, began);
    const durationMs = Math.round(performance.now() - began);
    if (again !== undefined && attempt < attempts) {
      if (await readyAgain(work, session, job, attempt, again)) continue;
    }
    const result = { ...orStopped(outcome, job), durationMs, transactional: true };
    if (recorded || work.lease.lost.aborted) return { ...result, recorded };
    return recordFailure(work, job, result);
  }
}

async function tryOnce(
  work: Work,
  session: ClientSession,
  job: Job,
  began: number,
): Promise<Attempt> {
  const progress: Progress = { phase: 'step' };
  const signals = [work.lease.lost, job.abort, job.stop];
  const gate = new Gate({
    session,
    check: () => {
      work.lease.check();
      if (job.stop.aborted || job.abort.aborted) throw stopped(job);
    },
  });
  const opened = performance.now();
  try {
    work.lease.check();
    session.startTransaction(TRANSACTION);
    const { client, db } = work.store;
    const call = createCall(
      job,
      { client, database: db.databaseName, root: work.root, mongoose: work.mongoose },
      gate,
      AbortSignal.any(signals),
      async () => refuseLate(job, gate),
    );
    const returned = await untilAborted(perform(job, call, progress), signals);
    await untilAborted(gate.settle(), signals);
    gate.close(() => over(job));
    const durationMs = Math.round(performance.now() - began);
    const outcome = {
      status: doneStatus(job),
      effect: 'complete',
      ...resultOf(returned, gate.tally),
    } as const;
    await conclude(work, session, job, endedEvent(job, { ...outcome, durationMs }), gate);
    return { outcome, recorded: true };
  } catch (thrown) {
    gate.close(() => over(job));
    if (signals.some((signal) => signal.aborted)) await interrupt(work, session, gate);
    await whileReachable(work.topology, () => abort(session)).catch(() => {});
    return failed(work, job, rootCause(thrown, gate), progress, performance.now() - opened);
  }
}

/** The record and the mirrors' documents, and then all of it or nothing. */
async function conclude(
  work: Work,
  session: ClientSession,
  job: Job,
  event: EndedEvent,
  gate: Gate,
): Promise<void> {
  const created = new Set(
    Object.entries(gate.tally.counts ?? {}).flatMap(([name, { created: n }]) => (n ? [name] : [])),
  );
  const mirrored = await work.mirrors.prepare(
    job.mirrors,
    [event],
    () => work.history.versions(),
    created,
  );
  await work.log.append([event], { session });
  await writeMirrors(work.store, mirrored, session);
  try {
    await commit(session, work.lease);
  } catch (error) {
    if (!hasLabel(error, 'UnknownTransactionCommitResult') && !isTransient(error)) throw error;
    if (isTransientTransaction(error)) throw error;
    await findOut(work, event, error);
  }
  work.log.advance(1);
  work.mirrors.wrote(mirrored);
}

async function failed(
  work: Work,
  job: Job,
  thrown: unknown,
  progress: Progress,
  elapsedMs: number,
): Promise<Attempt> {
  if (thrown instanceof RecordedFailure) {
    return { outcome: { status: 'failed', effect: 'none', error: thrown.info }, recorded: true };
  }
  const isStopped = job.stop.aborted || job.abort.aborted;
  const base = { effect: 'none', result: undefined } as const;
  if (isStopped && !work.lease.lost.aborted) {
    return {
      outcome: { ...base, status: 'stopped', error: stopped(job).toJSON() },
      recorded: false,
    };
  }
  const cause = work.lease.lost.aborted ? work.lease.lost.reason : thrown;
  const context = { job, root: work.root, url: work.url, transactional: true, ...progress };
  const described = describeFailure(cause, context);
  const tooLong = await outlived(work, cause, elapsedMs);
  const error = tooLong === undefined ? described : errorInfo({ ...described, ...tooLong });
  const again =
    tooLong === undefined && isTransientTransaction(cause) ? described.message : undefined;
  const stack = stackOf(cause, work.url);
  return { outcome: { ...base, status: 'failed', error, stack }, again, recorded: false };
}

/**
 * The server aborts a transaction at its first error. A migration that catches that one
 * meets "has been aborted" next, which explains nothing, and which trying again repeats.
 */
function rootCause(thrown: unknown, { firstError }: Gate): unknown {
  const aborted = serverCode(thrown) === SERVER_CODE.noSuchTransaction;
  const known = serverCode(firstError) !== undefined && !isTransientTransaction(firstError);
  return aborted && known ? firstError : thrown;
}

/** Before another attempt: a pause, and proof that the lock is still ours. */
async function readyAgain(
  work: Work,
  session: ClientSession,
  job: Job,
  attempt: number,
  reason: string,
): Promise<boolean> {
  const delayMs = Math.round(50 * 2 ** attempt * (0.5 + Math.random()));
  const { run, id, direction } = job.header;
  job.emit({ type: 'run.retrying', run, id, direction, attempt, delayMs, reason, blockers: [] });
  const signal = AbortSignal.any([work.lease.lost, job.stop, job.abort]);
  await sleep(delayMs, undefined, { signal }).catch(() => {});
  if (signal.aborted) return false;
  try {
    if (!(await work.lease.renew())) return false;
    await abort(session);
    return true;
  } catch {
    // No server answers: that was waited for, and the first failure says more.
    return false;
  }
}

/** Told to stop while it paused: what it failed with would have been tried again. */
function orStopped(outcome: Attempt['outcome'], job: Job): Attempt['outcome'] {
  const told = job.stop.aborted || job.abort.aborted;
  if (!told || outcome.status !== 'failed' || outcome.error?.code === 'GODWIT_COMMIT_UNKNOWN')
    return outcome;
  return { status: 'stopped', effect: 'none', error: stopped(job).toJSON() };
}

const GRACE_MS = 1000;

/** Ends what the server is doing for the session, and waits a moment for the code to notice. */
async function interrupt(work: Work, session: ClientSession, gate: Gate): Promise<void> {
  await killSession(work.store, session);
  await Promise.race([gate.settle(), sleep(GRACE_MS, undefined, { ref: false })]);
}

async function recordFailure(
  work: Work,
  job: Job,
  outcome: Omit<Outcome, 'recorded'>,
): Promise<Outcome> {
  if (outcome.error?.code === 'GODWIT_COMMIT_UNKNOWN') return { ...outcome, recorded: false };
  try {
    const event = endedEvent(job, outcome);
    await whileReachable(work.topology, () => record(work, [event], job.mirrors));
    return { ...outcome, recorded: true };
  } catch {
    return { ...outcome, recorded: false };
  }
}

function over(job: Job): GodwitError {
  return new GodwitError(
    'GODWIT_STOPPED',
    `${job.header.id} has ended: its handles do nothing more.`,
  );
}
