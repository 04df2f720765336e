import type { Settings } from '../../config/settings.ts';
import { computePlan, type Plan, type PlanProblem, type PlanRequest } from '../../core/plan.ts';
import { GodwitError } from '../../errors.ts';
import type { Direction } from '../../ports/migration.ts';
import type { PlanOptions, RunOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { readState } from '../read-state.ts';
import type { RunReport } from '../reports.ts';
import { withSession } from '../with-session.ts';
import { executePlans } from './execute-plans.ts';
import { report, warningsOf } from './report.ts';

/** The plan as it is now, without the lock. Writes nothing. */
export async function planNow(project: Project, options: PlanOptions): Promise<Plan> {
  const [settings, state] = await Promise.all([project.settings(), readState(project)]);
  return computePlan({ ...state, request: requestFrom(options, settings) });
}

function requestFrom(options: PlanOptions, settings: Settings): PlanRequest {
  const { direction = 'up', to, steps, all, only, retry } = options;
  // Of a list, -1 would be all but one.
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps > 0)) {
    throw new GodwitError('GODWIT_USAGE', `steps takes a whole number from 1, not ${steps}.`, {
      state: 'Nothing was run.',
    });
  }
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

function dryReport(plan: Plan, started: number): RunReport {
  insistOn(plan, undefined);
  return report([], plan.steps.length, warningsOf([plan]), started, undefined);
}
