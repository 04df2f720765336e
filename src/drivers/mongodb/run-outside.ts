import { GodwitError } from '../../errors.ts';
import type { StartedEvent } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { createCall } from './context.ts';
import { toMongoError } from './errors.ts';
import { describeFailure, stackOf } from './failures.ts';
import { Gate } from './guard/gate.ts';
import { OnlyBackfills } from './only-backfills.ts';
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
import { record, type Work } from './work.ts';

/**
 * Runs a job outside a transaction: `started`, the work, `ended`. `started` may be in
 * doubt while it runs (see log.ts), and so may `ended` afterwards, if the run did nothing
 * that could be lost while the record stays, or the other way round.
 */
export async function runOutside(
  work: Work,
  job: Job,
  { begun, next }: Neighbours = {},
): Promise<Turn> {
  const began = performance.now();
  const place = begun ?? (await start(work, job));
  const onlyBackfills = new OnlyBackfills(work, job);
  const gate = new Gate({
    check: () => {
      work.lease.check();
      if (job.abort.aborted) throw stopped(job);
    },
    around: () => onlyBackfills.beforeWrite() ?? work.log.beforeWork(place),
  });
  const idle = watchForIdleness(gate, onlyBackfills);
  const outcome = await attempt(work, job, gate, onlyBackfills);
  const fast = idle() && outcome.error === undefined && work.topology.followable;
  const durationMs = Math.round(performance.now() - began);
  const follower = fast && next && mayFollow(job, next) ? next : undefined;
  const ended = await end(work, job, { ...outcome, durationMs }, fast, follower);
  return { outcome: ended, begun: follower && ended.recorded ? work.log.next - 1 : undefined };
}

/** In a series. */
export interface Neighbours {
  /** Place of the job's `started`, if that was written with the `ended` before it. */
  readonly begun?: number | undefined;
  /** What will be run next. */
  readonly next?: Job | undefined;
}

export interface Turn {
  readonly outcome: Outcome;
  /** Place of the next job's `started`, if that was written already. */
  readonly begun?: number | undefined;
}

/** Returns the place of `started`. */
async function start(work: Work, job: Job): Promise<number> {
  await work.mirrors.look(job.mirrors);
  const place = work.log.next;
  await work.log.append([startedEvent(job)], { fast: true });
  return place;
}

function startedEvent(job: Job): StartedEvent {
  return { ...job.header, event: 'started', resume: job.resume };
}

/**
 * Whether the `started` of a job can be written together with the `ended` of the one before.
 * A process that dies right then leaves a run that says it was interrupted and had not begun.
 */
function mayFollow(job: Job, next: Job): boolean {
  const mirrored = job.mirrors.length > 0 || next.mirrors.length > 0;
  const code = next.step.type === 'code' && next.verify?.type !== 'sql';
  return code && !mirrored && next.transaction !== 'always' && !next.stop.aborted;
}

/**
 * Tells at the end whether a run did nothing: it wrote through no handle of ours, and
 * either only read through them or was over before any reply could have reached it, of
 * whatever server by whatever client, because the event loop did not turn.
 */
function watchForIdleness(gate: Gate, onlyBackfills: OnlyBackfills): () => boolean {
  let turned = false;
  const turn = setImmediate(() => {
    turned = true;
  });
  return () => {
    clearImmediate(turn);
    return !gate.tally.touched && !onlyBackfills.begun && (gate.used || !turned);
  };
}

type Attempt = Pick<Outcome, 'status' | 'effect' | 'result' | 'counts' | 'error' | 'stack'>;

async function attempt(
  work: Work,
  job: Job,
  gate: Gate,
  onlyBackfills: OnlyBackfills,
): Promise<Attempt> {
  const progress: Progress = { phase: 'step' };
  const { lost } = work.lease;
  try {
    const signal = AbortSignal.any([lost, job.abort]);
    const { client, db } = work.store;
    const real = {
      ...{ client, database: db.databaseName },
      ...{ root: work.root, mongoose: work.mongoose },
    };
    const call = createCall(job, real, gate, signal, () => onlyBackfills.start(gate));
    const returned = await untilAborted(perform(job, call, progress), [lost, job.abort]);
    // Calls that were not awaited belong to the run too.
    await untilAborted(gate.settle(), [lost, job.abort]);
    return { status: doneStatus(job), effect: 'complete', ...resultOf(returned, gate.tally) };
  } catch (thrown) {
    const error = lost.aborted ? lost.reason : job.abort.aborted ? stopped(job) : thrown;
    return {
      status: wasStopped(job, thrown) && !lost.aborted ? 'stopped' : 'failed',
      effect: gate.tally.touched ? 'partial' : leftUntouched(thrown, job),
      ...resultOf(undefined, gate.tally),
      error: describeFailure(error, {
        job,
        root: work.root,
        url: work.url,
        transactional: false,
        ...progress,
      }),
      stack: stackOf(error, work.url),
    };
  } finally {
    gate.close(
      () =>
        new GodwitError('GODWIT_STOPPED', `${job.header.id} has ended: its handles write no more.`),
    );
  }
}

/** A backfill ends by itself with the first Ctrl-C. */
function wasStopped(job: Job, thrown: unknown): boolean {
  if (job.abort.aborted) return true;
  return job.stop.aborted && thrown instanceof GodwitError && thrown.code === 'GODWIT_STOPPED';
}

/**
 * Work through other handles is not seen, so only a run that failed before it could do
 * any is said to have left nothing: one whose code did not even get to run.
 */
function leftUntouched(thrown: unknown, job: Job): Outcome['effect'] {
  const unsupported = thrown instanceof GodwitError && thrown.code === 'GODWIT_UNSUPPORTED';
  return unsupported && job.step.type === 'sql' ? 'none' : 'partial';
}

async function end(
  work: Work,
  job: Job,
  outcome: Attempt & { readonly durationMs: number },
  fast: boolean,
  follower: Job | undefined,
): Promise<Outcome> {
  const events = [endedEvent(job, outcome), ...(follower ? [startedEvent(follower)] : [])];
  try {
    await whileReachable(work.topology, () => record(work, events, job.mirrors, { fast }));
    return { ...outcome, transactional: false, recorded: true };
  } catch (thrown) {
    const cause = toMongoError(thrown, 'record the end of the run', work.url);
    const state =
      'The work was done as far as said, but the history does not say so: it shows the run as interrupted.';
    const error = outcome.error ?? { ...cause.toJSON(), state };
    const effect = outcome.status === 'failed' ? outcome.effect : 'complete';
    return { ...outcome, status: 'failed', effect, error, transactional: false, recorded: false };
  }
}
