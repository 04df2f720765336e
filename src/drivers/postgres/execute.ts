import { GodwitError, toGodwitError } from '../../errors.ts';
import type { Effect } from '../../ports/history.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import { effectOf } from './effect.ts';
import { isCancelled, refusesTransaction, sqlError, withoutSecrets } from './errors.ts';
import { executeCode } from './execute-code.ts';
import { executeFile } from './execute-file.ts';
import { executeOutside } from './execute-outside.ts';
import { executeStatements } from './execute-statements.ts';
import { failedEvent } from './failed-event.ts';
import { type Interrupts, watchInterrupts } from './interrupt.ts';
import { type PreparedSql, prepareSql } from './prepare-sql.ts';
import { findTruth } from './truth.ts';
import { rollback, type Workplace } from './workplace.ts';

/** How a run is done, once its mode is known. */
export interface RunMode {
  /** Found out only by the server for a few files, whose run then changes it. */
  transactional: boolean;
  /** The first Ctrl-C may end it; false where there is nothing to roll back with. */
  readonly cancellable: boolean;
  run(interrupts: Interrupts): Promise<Outcome>;
}

/**
 * Executes one run. A failed migration is an outcome.
 *
 * @throws GodwitError GODWIT_LOCK_LOST before anything began, GODWIT_MODIFIED when the
 * part of a file that is done has changed
 */
export async function execute(place: Workplace, job: Job): Promise<Outcome> {
  const started = performance.now();
  const notices = place.connection.onNotice;
  place.connection.onNotice = (severity, message) => logNotice(job, severity, message);
  try {
    const mode = await chooseMode(place, job);
    const interrupts = watchInterrupts(place, job, mode.cancellable);
    try {
      return await mode.run(interrupts);
    } catch (error) {
      await interrupts.dispose();
      return await conclude(place, job, mode, error, started);
    } finally {
      await interrupts.dispose();
    }
  } catch (error) {
    // Nothing of it was run yet.
    if (error instanceof GodwitError && mustThrow(error)) throw error;
    return recordFailure(place, job, asError(error, job), 'none', started, true);
  } finally {
    place.connection.onNotice = notices;
  }
}

function mustThrow({ code }: GodwitError): boolean {
  return (
    code === 'GODWIT_LOCK_LOST' || code === 'GODWIT_CONNECTION_LOST' || code === 'GODWIT_MODIFIED'
  );
}

async function chooseMode(place: Workplace, job: Job): Promise<RunMode> {
  if (place.lock.lost.aborted) throw toGodwitError(place.lock.lost.reason);
  const { step } = job;
  if (step.type === 'code') {
    return job.transaction === 'never'
      ? {
          transactional: false,
          cancellable: false,
          run: (interrupts) => executeOutside(place, job, step, interrupts),
        }
      : {
          transactional: true,
          cancellable: true,
          run: (interrupts) => executeCode(place, job, step, interrupts),
        };
  }
  const prepared: PreparedSql = await prepareSql(job, step.sql);
  if (prepared.mode === 'statements') return executeStatements(place, job, prepared);
  const mode: RunMode = {
    transactional: true,
    cancellable: true,
    run: (interrupts) =>
      executeFile(place, job, prepared, interrupts).catch(async (error: unknown) => {
        const outside = await retryOutside(place, job, step.sql, error);
        if (!outside) throw error;
        mode.transactional = false;
        return outside.run(interrupts);
      }),
  };
  return mode;
}

/**
 * Only the server knows of some statements that they need to be alone: a procedure that
 * commits, CLUSTER of a partitioned table. What was done before it was rolled back, so the
 * file is run from its beginning, statement by statement.
 */
async function retryOutside(
  place: Workplace,
  job: Job,
  sql: SqlText,
  error: unknown,
): Promise<RunMode | undefined> {
  const declared = job.transaction === 'auto' ? sql.transaction : job.transaction;
  if (declared !== 'auto' || !refusesTransaction(error) || place.connection.lost.aborted) {
    return undefined;
  }
  const prepared = await prepareSql({ ...job, transaction: 'never' }, sql);
  if (prepared.mode !== 'statements') return undefined;
  const { run, id, direction } = job.header;
  const [why] = error instanceof Error ? error.message.split('\n') : [];
  const message = `not in one transaction, but statement by statement, because the server says: ${why}`;
  job.emit({ type: 'run.log', run, id, direction, message });
  return executeStatements(place, job, prepared);
}

/** What became of a run that threw: rolled back, half done, stopped, or not known yet. */
export async function conclude(
  place: Workplace,
  job: Job,
  mode: RunMode,
  thrown: unknown,
  started: number,
): Promise<Outcome> {
  const error = asError(thrown, job);
  if (error.code === 'GODWIT_MODIFIED') throw error;
  const effect = effectOf(thrown) ?? (mode.transactional ? 'none' : 'partial');
  const durationMs = Math.round(performance.now() - started);
  if (place.connection.lost.aborted && !job.abort.aborted) {
    return findTruth(place, job, { error, effect, durationMs, transactional: mode.transactional });
  }
  await rollback(place);
  const wasStopped = error.code === 'GODWIT_STOPPED' || (job.stop.aborted && isCancelled(error));
  if (wasStopped || job.abort.aborted) {
    const { transactional } = mode;
    return { status: 'stopped', effect, durationMs, transactional, recorded: !job.abort.aborted };
  }
  return recordFailure(place, job, error, effect, started, mode.transactional);
}

async function recordFailure(
  place: Workplace,
  job: Job,
  error: GodwitError,
  effect: Effect,
  started: number,
  transactional: boolean,
): Promise<Outcome> {
  const durationMs = Math.round(performance.now() - started);
  const failed: Outcome = {
    status: 'failed',
    effect,
    durationMs,
    transactional,
    error: error.toJSON(),
    recorded: true,
  };
  try {
    await appendEvents(place, [failedEvent(job, failed)], []);
    return failed;
  } catch {
    return { ...failed, recorded: false };
  }
}

function asError(thrown: unknown, job: Job): GodwitError {
  return withoutSecrets(thrown instanceof GodwitError ? thrown : sqlError(thrown, undefined), job);
}

function logNotice(job: Job, severity: string, message: string): void {
  const { run, id, direction } = job.header;
  job.emit({ type: 'run.log', run, id, direction, message: `${severity}: ${message}` });
}
