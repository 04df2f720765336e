import { type ErrorInfo, errorInfo } from '../errors.ts';
import type { Outcome } from '../ports/driver.ts';
import type { PlanStep } from './plan.ts';

/**
 * Completes a run's error with what state the database is in and what to type next.
 * What the driver said already stays.
 */
export function describeFailure(
  step: PlanStep,
  outcome: Outcome,
  done: number,
): ErrorInfo | undefined {
  const { error } = outcome;
  if (error === undefined) return undefined;
  return errorInfo({
    ...error,
    state: error.state ?? stateAfter(step, outcome, done),
    next: error.next ?? nextAfter(step, outcome, error),
  });
}

function stateAfter(step: PlanStep, outcome: Outcome, done: number): string {
  const verb = step.direction === 'up' ? 'applied' : 'reverted';
  const before =
    done === 0 ? 'Nothing was' : done === 1 ? '1 migration was' : `${done} migrations were`;
  const history = outcome.recorded ? '' : ' The failure itself could not be recorded.';
  return `${effectOn(step, outcome)} ${before} ${verb} before it.${history}`;
}

function effectOn(step: PlanStep, outcome: Outcome): string {
  if (outcome.effect === 'none') {
    return step.direction === 'up'
      ? `${step.id} was rolled back and left nothing.`
      : `Reverting ${step.id} was rolled back: it is still applied.`;
  }
  if (outcome.effect === 'complete') return `The work of ${step.id} itself was done.`;
  return step.direction === 'up'
    ? `${step.id} ran outside a transaction: what it did before the error is still there.`
    : `${step.id} is half reverted: what its way back did before the error stays.`;
}

function nextAfter(step: PlanStep, outcome: Outcome, error: ErrorInfo): string[] {
  const command = step.direction === 'up' ? 'up' : 'down';
  const file = error.where?.file ?? step.migration.file;
  const fix = file
    ? `fix ${file}${error.where?.line === undefined ? '' : `:${error.where.line}`}, then: godwit ${command}`
    : `godwit ${command}`;
  if (outcome.effect !== 'partial') return [fix];
  const settle = `godwit mark ${step.id} ${step.direction === 'up' ? 'applied' : 'pending'}`;
  return [fix, `or, once the rest is done by hand: ${settle}`];
}
