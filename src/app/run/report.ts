import type { Plan } from '../../core/plan.ts';
import { type StepResult, succeeded } from '../../core/run.ts';
import { isApplied } from '../../core/state.ts';
import type { ErrorInfo } from '../../errors.ts';
import { statusesOf } from '../read-state.ts';
import type { RunReport, RunResult } from '../reports.ts';
import type { Work } from '../with-session.ts';

export function report(
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
    ...(outcome.counts && { counts: outcome.counts }),
    ...(error && { error }),
  };
}

/** `up`: what is still not applied. `down`, `redo`: what was planned and not done. */
export function countRemaining(
  work: Work,
  plans: readonly Plan[],
  results: readonly StepResult[],
): number {
  const good = results.filter(({ outcome }) => succeeded(outcome)).length;
  if (plans[0]?.direction === 'down') {
    return plans.reduce((sum, plan) => sum + plan.steps.length, 0) - good;
  }
  const unapplied = statusesOf(work.state).filter((s) => s.migration && !isApplied(s));
  return unapplied.length - good;
}

export function warningsOf(plans: readonly Plan[]): RunReport['warnings'] {
  return plans.flatMap((plan) =>
    plan.problems.map(({ code, message, id }) => ({ code, message, id })),
  );
}

/** It did what it should, and so did the hook after it. */
export function isGood(result: StepResult): boolean {
  return succeeded(result.outcome) && result.error === undefined;
}
