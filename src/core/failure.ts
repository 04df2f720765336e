import { type ErrorInfo, errorInfo } from '../errors.ts';
import type { Outcome } from '../ports/session.ts';
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
  const noun = step.migration.kind === 'seed' ? 'seed' : 'migration';
  const before =
    done === 0 ? 'Nothing was' : done === 1 ? `1 ${noun} was` : `${done} ${noun}s were`;
  const history = outcome.recorded ? '' : ' The failure itself could not be recorded.';
  return `${effectOn(step, outcome)} ${before} ${verb} before it.${history}`;
}

function effectOn(step: PlanStep, outcome: Outcome): string {
  if (outcome.effect === 'none') {
    return step.direction === 'up'
      ? `${step.id} was rolled back and left nothing.`
      : `Reverting ${step.id} was rolled back: it is still applied.`;
  }
  const end = outcome.status === 'stopped' ? 'it was stopped' : 'the error';
  if (outcome.effect === 'complete') return `The work of ${step.id} itself was done.`;
  return step.direction === 'up'
    ? `${step.id} ran outside a transaction: what it did before ${end} is still there.`
    : `${step.id} is half reverted: what its way back did before ${end} stays.`;
}

function nextAfter(step: PlanStep, outcome: Outcome, error: ErrorInfo): string[] {
  const again = againAfter(step, outcome, error);
  // A seed is written so that it can be run again, and is.
  if (outcome.effect !== 'partial' || step.migration.kind === 'seed') return [again];
  const settle = `godwit mark ${step.id} ${step.direction === 'up' ? 'applied' : 'pending'}`;
  return [again, `or, once the rest is done by hand: ${settle}`];
}

/** What was stopped has nothing to be fixed. */
function againAfter(step: PlanStep, outcome: Outcome, { where }: ErrorInfo): string {
  const command = `godwit ${step.migration.kind === 'seed' ? 'seed' : step.direction}`;
  const file = where?.file ?? step.migration.file;
  if (outcome.status === 'stopped') return `go on with it: ${command}`;
  if (!file) return command;
  return `fix ${file}${where?.line === undefined ? '' : `:${where.line}`}, then: ${command}`;
}
