import type { Hook, Settings } from '../config/types.ts';
import { computePlan, type Plan, type PlanProblem, type PlanRequest } from '../core/plan.ts';
import {
  type LoadedStep,
  loadSteps,
  type RunEnvironment,
  runSteps,
  runTogether,
  type StepResult,
  succeeded,
} from '../core/run.ts';
import { isApplied } from '../core/state.ts';
import { type ErrorInfo, GodwitError, toGodwitError } from '../errors.ts';
import type { Direction } from '../ports/migration.ts';
import type { Project } from './project.ts';
import { readState, statusesOf } from './read-state.ts';
import type { PlanOptions, RunOptions, RunReport, RunResult } from './types.ts';
import { type Work, withSession } from './with-session.ts';

/** The plan as it is now, without the lock. Writes nothing. */
export async function planNow(project: Project, options: PlanOptions): Promise<Plan> {
  const [settings, state] = await Promise.all([project.settings(), readState(project)]);
  return computePlan({ ...state, request: requestFrom(options, settings) });
}

function requestFrom(options: PlanOptions, settings: Settings): PlanRequest {
  const { direction = 'up', to, steps, all, only, retry } = options;
  return {
    direction,
    to,
    steps,
    all,
    only,
    retry,
    outOfOrder: options.outOfOrder ?? settings.outOfOrder,
  };
}

/** `up` and `down` are one thing in two directions. */
export async function runDirection(
  project: Project,
  direction: Direction,
  options: RunOptions,
): Promise<RunReport> {
  const started = performance.now();
  if (options.dryRun) {
    return dryReport(await planNow(project, { ...options, direction }), started);
  }
  const command = project.options.command ?? direction;
  return withSession(project, command, options, async (work) => {
    const request = requestFrom({ ...options, direction }, work.settings);
    const plan = insistOn(computePlan({ ...work.state, request }), options.plan);
    return executePlans(work, [plan], options, started);
  });
}

/** Reverts and applies again, under one lock. */
export async function redo(project: Project, options: RunOptions): Promise<RunReport> {
  const started = performance.now();
  const direction = 'down' as const;
  if (options.dryRun) {
    return dryReport(await planNow(project, { ...options, direction }), started);
  }
  return withSession(project, project.options.command ?? 'redo', options, async (work) => {
    const request = requestFrom({ ...options, direction }, work.settings);
    const down = insistOn(computePlan({ ...work.state, request }), options.plan);
    const again: Plan = {
      ...down,
      direction: 'up',
      problems: [],
      steps: down.steps
        .map((step) => ({
          ...step,
          direction: 'up' as const,
          reasons: ['redo'],
          record: undefined,
        }))
        .reverse(),
    };
    return executePlans(work, [down, again], options, started);
  });
}

/** Refuses a plan with an error in it, or one that is not the one that was looked at. */
function insistOn(plan: Plan, fingerprint: string | undefined): Plan {
  if (fingerprint !== undefined && fingerprint !== plan.fingerprint) {
    throw new GodwitError(
      'GODWIT_PLAN_CHANGED',
      `The plan is no longer ${fingerprint}: it is ${plan.fingerprint} now, because the folder or the database changed in between.`,
      { state: 'Nothing was run.', next: ['look at it again: godwit plan'] },
    );
  }
  const errors = plan.problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) throw planError(errors);
  return plan;
}

/** One error that lists every problem; its code is the first one's. */
export function planError(errors: readonly PlanProblem[]): GodwitError {
  const [first] = errors;
  const message =
    errors.length === 1
      ? (first?.message ?? '')
      : `${errors.length} problems:\n${errors.map((problem) => `  - ${problem.message}`).join('\n')}`;
  return new GodwitError(first?.code ?? 'GODWIT_INTERNAL', message, {
    state: 'Nothing was run.',
    next: [...new Set(errors.map((problem) => problem.fix))],
  });
}

async function executePlans(
  work: Work,
  plans: readonly Plan[],
  options: RunOptions,
  started: number,
): Promise<RunReport> {
  const { project, settings } = work;
  for (const plan of plans) {
    for (const problem of plan.problems) {
      project.emit({ type: 'warning', code: problem.code, message: problem.message });
    }
  }
  const loaded: (readonly LoadedStep[])[] = [];
  for (const plan of plans) loaded.push(await loadSteps(plan.steps, work.driver.capabilities));
  const ids = plans.flatMap((plan) => plan.steps.map((step) => step.id));
  const [first] = plans;
  if (!first) throw new GodwitError('GODWIT_INTERNAL', 'There is no plan.');
  project.emit({
    type: 'plan.ready',
    direction: first.direction,
    ids,
    fingerprint: first.fingerprint,
  });
  const together = options.singleTransaction ?? settings.singleTransaction;
  const { results, hookError } = await runAll(work, loaded, together, ids.length > 0);
  const remaining = countRemaining(work, plans, results);
  return report(
    results,
    remaining,
    warningsOf(plans),
    started,
    hookError ?? ending(work, results, ids.length),
  );
}

async function runAll(
  work: Work,
  plans: readonly (readonly LoadedStep[])[],
  together: boolean,
  anything: boolean,
): Promise<{ results: StepResult[]; hookError: ErrorInfo | undefined }> {
  const environment = environmentOf(work);
  const results: StepResult[] = [];
  const { hooks } = work.settings;
  const direction = plans[0]?.[0]?.step.direction ?? 'up';
  const call = { command: work.project.options.command ?? direction, direction };
  if (!anything) return { results, hookError: undefined };
  let hookError = await callHook(hooks.beforeAll, call);
  if (hookError === undefined) {
    for (const plan of plans) {
      const ran = together
        ? await runTogether(plan, environment)
        : await runSteps(plan, environment);
      results.push(...ran);
      if (ran.length < plan.length || !ran.every(isGood)) break;
    }
  }
  const status = results.every(isGood) ? 'done' : 'failed';
  hookError = (await callHook(hooks.afterAll, { ...call, status })) ?? hookError;
  return { results, hookError };
}

function isGood(result: StepResult): boolean {
  return succeeded(result.outcome) && result.error === undefined;
}

async function callHook(
  hook: Hook | undefined,
  call: Parameters<Hook>[0],
): Promise<ErrorInfo | undefined> {
  try {
    await hook?.(call);
    return undefined;
  } catch (thrown) {
    const cause = toGodwitError(thrown, 'GODWIT_HOOK_FAILED');
    return { code: 'GODWIT_HOOK_FAILED', message: `A hook failed: ${cause.message}` };
  }
}

function environmentOf(work: Work): RunEnvironment {
  const { settings, project, session, by, stop, abort } = work;
  const { beforeEach, afterEach } = settings.hooks;
  const command = project.options.command ?? 'up';
  return {
    session,
    by,
    mirrors: settings.mirrors,
    limits: {
      lockTimeoutMs: settings.statementLockTimeoutMs,
      statementTimeoutMs: settings.statementTimeoutMs,
      lockRetries: settings.lockRetries,
    },
    variables: settings.variables,
    hooks: {
      ...(beforeEach && {
        beforeEach: async (step) => {
          await beforeEach({ command, direction: step.direction, id: step.id });
        },
      }),
      ...(afterEach && {
        afterEach: async (step, outcome) => {
          await afterEach({
            command,
            direction: step.direction,
            id: step.id,
            status: outcome.status,
          });
        },
      }),
    },
    clock: { now: () => performance.now() },
    emit: project.emit,
    stop,
    abort,
  };
}

/** How a run that did not reach its end was ended, when no migration failed. */
function ending(
  work: Work,
  results: readonly StepResult[],
  planned: number,
): ErrorInfo | undefined {
  if (work.session.lost.aborted) {
    return toGodwitError(work.session.lost.reason, 'GODWIT_LOCK_LOST').toJSON();
  }
  const stopped = results.some((result) => result.outcome.status === 'stopped');
  const cutShort = work.stop.aborted && results.length < planned;
  if (!stopped && !cutShort) return undefined;
  const done = results.filter(isGood).length;
  return {
    code: 'GODWIT_STOPPED',
    message: `Stopped after ${done} of ${planned}.`,
    state: 'What was finished is recorded; the lock is released.',
    next: ['godwit status', 'go on: godwit up'],
  };
}

/** `up`: what is still not applied. `down`, `redo`: what was planned and not done. */
function countRemaining(
  work: Work,
  plans: readonly Plan[],
  results: readonly StepResult[],
): number {
  const good = results.filter(isGood).length;
  if (plans[0]?.direction === 'down') {
    return plans.reduce((sum, plan) => sum + plan.steps.length, 0) - good;
  }
  const unapplied = statusesOf(work.state).filter((s) => s.migration && !isApplied(s));
  return unapplied.length - good;
}

function warningsOf(plans: readonly Plan[]): RunReport['warnings'] {
  return plans.flatMap((plan) =>
    plan.problems.map(({ code, message, id }) => ({ code, message, id })),
  );
}

function dryReport(plan: Plan, started: number): RunReport {
  insistOn(plan, undefined);
  return report([], plan.steps.length, warningsOf([plan]), started, undefined);
}

function report(
  results: readonly StepResult[],
  remaining: number,
  warnings: RunReport['warnings'],
  started: number,
  error: ErrorInfo | undefined,
): RunReport {
  const runs = results.map(runResult);
  const count = (status: RunResult['status']): number =>
    runs.filter((run) => run.status === status).length;
  return {
    runs,
    summary: {
      applied: count('applied'),
      reverted: count('reverted'),
      failed: count('failed'),
      remaining,
    },
    durationMs: Math.round(performance.now() - started),
    warnings,
    ...(error && { error }),
  };
}

function runResult({ step, outcome, error }: StepResult): RunResult {
  return {
    id: step.id,
    version: step.version,
    direction: step.direction,
    status: outcome.status,
    durationMs: outcome.durationMs,
    ...(outcome.result !== undefined && { result: outcome.result }),
    ...(error && { error }),
  };
}
