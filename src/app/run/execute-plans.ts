import type { Hook } from '../../config/types.ts';
import { type LoadedStep, loadSteps } from '../../core/load-steps.ts';
import type { Plan } from '../../core/plan.ts';
import { runSteps, runTogether, type StepResult } from '../../core/run.ts';
import type { RunEnvironment } from '../../core/run-environment.ts';
import { type ErrorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import { hasRepeatables } from '../../formats/repeatable-source.ts';
import type { Direction } from '../../ports/migration.ts';
import { backfillSteps } from '../backfill/steps.ts';
import type { BackupTaken } from '../backup/types.ts';
import type { RunOptions } from '../options.ts';
import { guardPlan, type PlanGuard } from '../plan/guard.ts';
import type { RunReport } from '../reports.ts';
import type { Work } from '../with-session.ts';
import { maskFor } from './mask.ts';
import { countRemaining, isGood, report, warningsOf } from './report.ts';
import { settleResults } from './settle-results.ts';
import { onUncaught } from './uncaught.ts';

/**
 * Runs plans one after the other under the lock that is held, with the project's hooks
 * around them. Everything is imported before anything runs.
 */
export async function executePlans(
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
  const guard = await guardPlan(work, loaded, options, together);
  const backup =
    ids.length > 0 ? await backupBefore(work, first.direction, options.backup) : undefined;
  const { results, hookError } = await runAll(work, loaded, together, ids.length > 0, {
    ...options,
    backup: backup?.id,
    guard,
  });
  if (settings.layout) await tidyFolders(work, results);
  const remaining = countRemaining(work, plans, results);
  const ended = hookError ?? ending(work, results, ids.length);
  const defines =
    (settings.sync.onUp || hasRepeatables(settings)) &&
    first.direction === 'up' &&
    results.every(isGood) &&
    !ended;
  const synced = defines
    ? await (await import('../sync/in-plan.ts')).syncAfterPlan(work, remaining, options)
    : undefined;
  const failed = ended ?? synced?.error;
  // After the definitions: what is asked is whether the database is as it should be at last.
  const changed = (synced?.summary.done ?? 0) > 0;
  const checked = failed === undefined ? await guard?.end(results, changed) : undefined;
  const undefinedYet = defines && remaining === 0 && (!synced || synced.summary.skipped > 0);
  const left = [
    ...(undefinedYet ? ['to bring definitions in line'] : []),
    ...(checked?.skipped ? ['to validate'] : []),
  ];
  const error = failed ?? checked?.error ?? stoppedBefore(work, left, ids.length);
  const done = report(results, remaining, warningsOf(plans), started, error);
  return {
    ...done,
    ...(backup && { backup }),
    ...(synced && { definitions: synced.definitions }),
    ...(checked?.validation && { validation: checked.validation }),
  };
}

/** Under the lock, before the first run. What keeps it from being made keeps the plan. */
async function backupBefore(
  { settings, driver, project, stop, state }: Work,
  direction: Direction,
  asked: boolean | undefined,
): Promise<BackupTaken | undefined> {
  if (!(asked ?? settings.backup.mode === 'full')) return undefined;
  const { backupForPlan } = await import('../backup/before-plan.ts');
  return backupForPlan({ settings, driver, project, stop, state, direction });
}

/** Files go where their migrations are now, those of earlier runs too. */
async function tidyFolders({ project, settings, state }: Work, results: readonly StepResult[]) {
  const { moveFinished } = await import('./move-files.ts');
  const applied = new Map(
    state.records
      .filter(({ kind }) => kind === 'migration')
      .map((record) => [record.version, record.state === 'applied']),
  );
  for (const { step, outcome } of results) {
    if (isGood({ step, outcome, error: undefined })) {
      applied.set(step.version, step.direction === 'up');
    }
  }
  const known = state.migrations.flatMap((migration) => {
    const is = applied.get(migration.version);
    return is === undefined ? [] : [{ migration, applied: is }];
  });
  moveFinished(project, settings, known);
}

async function runAll(
  work: Work,
  plans: readonly (readonly LoadedStep[])[],
  together: boolean,
  anything: boolean,
  options: Omit<RunOptions, 'backup'> & {
    readonly backup: string | undefined;
    readonly guard: PlanGuard | undefined;
  },
): Promise<{ results: StepResult[]; hookError: ErrorInfo | undefined }> {
  const mask = await maskFor(work, plans);
  const environment = { ...environmentOf(work, options.retry === true, options), mask };
  let results: StepResult[] = [];
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
  results = await settleResults(work.session, results);
  const planned = plans.reduce((sum, plan) => sum + plan.length, 0);
  const isDone = hookError === undefined && results.length === planned && results.every(isGood);
  const status = isDone ? 'done' : 'failed';
  hookError = (await callHook(hooks.afterAll, { ...call, status })) ?? hookError;
  return { results, hookError };
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

function environmentOf(
  work: Work,
  retry: boolean,
  { backup, guard }: { backup: string | undefined; guard: PlanGuard | undefined },
): RunEnvironment {
  const { settings, project, session, by, stop, abort } = work;
  const { beforeEach, afterEach } = settings.hooks;
  const command = project.options.command ?? 'up';
  return {
    session,
    by,
    mirrors: work.mirrors,
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
      ...(guard?.each && { validate: async (step) => guard.each?.({ step }) }),
    },
    clock: { now: () => performance.now() },
    backfills: work.driver.backfills && backfillSteps(work, retry),
    emit: project.emit,
    onUncaught,
    backup,
    stop,
    abort,
  };
}

/** All migrations are done, and what comes after them is not. */
function stoppedBefore(
  { stop, session }: Work,
  left: readonly string[],
  planned: number,
): ErrorInfo | undefined {
  if (session.lost.aborted) {
    return toGodwitError(session.lost.reason, 'GODWIT_LOCK_LOST').toJSON();
  }
  if (!stop.aborted || left.length === 0) return undefined;
  const validates = left.includes('to validate');
  return {
    code: 'GODWIT_STOPPED',
    message: `Stopped after ${planned} of ${planned}; left to do: ${left.join(' and ')}.`,
    state: 'The migrations are done and recorded; the lock is released.',
    next: [
      ...(left.length > Number(validates) ? ['godwit up'] : []),
      ...(validates ? ['godwit validate'] : []),
    ],
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
