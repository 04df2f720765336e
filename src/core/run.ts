import { type ErrorInfo, GodwitError, toGodwitError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { Job, Outcome, Session } from '../ports/session.ts';
import { describeFailure } from './failure.ts';
import { createJob, refOf } from './job.ts';
import type { LoadedStep } from './load-steps.ts';
import type { PlanStep } from './plan.ts';
import type { RunEnvironment } from './run-environment.ts';

export interface StepResult {
  readonly step: PlanStep;
  readonly outcome: Outcome;
  /** The outcome's error, with state and next. */
  readonly error: ErrorInfo | undefined;
}

/**
 * Runs the steps one after the other under the session's lock, until one does not
 * succeed or it is told to stop. A failed migration is a result, not an exception.
 */
export async function runSteps(
  loaded: readonly LoadedStep[],
  environment: RunEnvironment,
): Promise<StepResult[]> {
  const { session, hooks } = environment;
  if (session.executeSeries && !hooks.beforeEach && !hooks.afterEach && !hooks.validate) {
    return runSeries(loaded, environment, session.executeSeries.bind(session));
  }
  const results: StepResult[] = [];
  for (const [index, item] of loaded.entries()) {
    if (environment.stop.aborted) break;
    const job = createJob(item, environment);
    announce(job, item.step, index, loaded.length, environment.emit);
    const outcome = await executeWithHooks(job, item.step, environment);
    const error = describeFailure(item.step, outcome, index);
    environment.emit({ type: 'run.ended', ...refOf(job), outcome: { ...outcome, error } });
    results.push({ step: item.step, outcome, error });
    if (error !== undefined || !succeeded(outcome)) break;
  }
  return results;
}

/** The same where nothing of ours has to happen in between. */
async function runSeries(
  loaded: readonly LoadedStep[],
  environment: RunEnvironment,
  execute: NonNullable<Session['executeSeries']>,
): Promise<StepResult[]> {
  const { emit, stop, backfills } = environment;
  const results: StepResult[] = [];
  if (stop.aborted) return results;
  const jobs = loaded.map((item) => createJob(item, environment));
  await execute(jobs, {
    begin(job) {
      const item = loaded[results.length];
      if (item) announce(job, item.step, results.length, loaded.length, emit);
    },
    end(job, outcome) {
      const item = loaded[results.length];
      if (!item) return;
      const error = describeFailure(item.step, outcome, results.length);
      emit({ type: 'run.ended', ...refOf(job), outcome: { ...outcome, error } });
      results.push({ step: item.step, outcome, error });
    },
  });
  await backfills?.settle();
  return results;
}

/** All steps and their records in one transaction: all or nothing. */
export async function runTogether(
  loaded: readonly LoadedStep[],
  environment: RunEnvironment,
): Promise<StepResult[]> {
  const jobs = loaded.map((item) => ({
    ...createJob(item, environment),
    backfill: () => Promise.reject(tooLate(item.step)),
  }));
  for (const [index, job] of jobs.entries()) {
    const item = loaded[index];
    if (item) announce(job, item.step, index, loaded.length, environment.emit);
  }
  const outcomes = await environment.session.executeTogether(jobs);
  return outcomes.flatMap((outcome, index) => {
    const item = loaded[index];
    const job = jobs[index];
    if (!item || !job) return [];
    const error = describeFailure(item.step, outcome, 0);
    environment.emit({ type: 'run.ended', ...refOf(job), outcome: { ...outcome, error } });
    return [{ step: item.step, outcome, error }];
  });
}

export function succeeded(outcome: Outcome): boolean {
  return outcome.status === 'applied' || outcome.status === 'reverted';
}

function announce(job: Job, step: PlanStep, index: number, total: number, emit: Emit): void {
  emit({
    type: 'run.started',
    ...refOf(job),
    index,
    total,
    description: job.header.description ?? step.migration.description,
  });
}

async function executeWithHooks(
  job: Job,
  step: PlanStep,
  { session, hooks, backfills }: RunEnvironment,
): Promise<Outcome> {
  try {
    await hooks.beforeEach?.(step);
  } catch (thrown) {
    return hookFailed(thrown, 'beforeEach', 'none', 0);
  }
  const outcome = await session.execute(job);
  await backfills?.settle();
  if (!succeeded(outcome)) return outcome;
  try {
    await hooks.afterEach?.(step, outcome);
  } catch (thrown) {
    const failed = hookFailed(thrown, 'afterEach', 'complete', outcome.durationMs);
    return { ...outcome, error: failed.error };
  }
  const error = await hooks.validate?.(step, outcome);
  return error === undefined ? outcome : { ...outcome, error };
}

function hookFailed(
  thrown: unknown,
  hook: string,
  effect: Outcome['effect'],
  durationMs: number,
): Outcome {
  const cause = toGodwitError(thrown, 'GODWIT_HOOK_FAILED');
  return {
    status: 'failed',
    effect,
    durationMs,
    transactional: effect === 'none',
    recorded: true,
    error: { code: 'GODWIT_HOOK_FAILED', message: `The ${hook} hook failed: ${cause.message}` },
  };
}

/** The plan's one transaction is open before the first of its migrations. */
function tooLate(step: PlanStep): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_LATE',
    `${step.id} has a backfill, which commits by itself and cannot be part of one transaction with the others.`,
    { next: ['run it without --single-transaction'] },
  );
}
