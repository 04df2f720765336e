import type { ValidateAfter } from '../../config/types.ts';
import type { LoadedStep } from '../../core/load-steps.ts';
import type { StepResult } from '../../core/run.ts';
import { hasMatch } from '../../core/text/long-sql.ts';
import type { ErrorInfo } from '../../errors.ts';
import type { RunOptions } from '../options.ts';
import type { ValidationReport } from '../reports.ts';
import type { Work } from '../with-session.ts';

/** What watches over a plan that is being run. */
export interface PlanGuard {
  /** After a migration that went well. Absent where only the end is looked at. */
  readonly each?:
    | ((result: Pick<StepResult, 'step'>) => Promise<ErrorInfo | undefined>)
    | undefined;
  /**
   * After the whole plan, with what was run of it.
   *
   * @param changed something was done after the last migration, which asks for another look
   */
  end(results: readonly StepResult[], changed: boolean): Promise<GuardReport>;
}

export interface GuardReport {
  readonly validation?: ValidationReport | undefined;
  readonly error?: ErrorInfo | undefined;
  /** It was stopped before it could look. */
  readonly skipped?: true | undefined;
}

/**
 * Validation around a plan, where there is something to ask: it is loaded only then.
 *
 * @throws GodwitError GODWIT_VALIDATION_FAILED for what is known to fail before it is run
 */
export async function guardPlan(
  work: Work,
  plans: readonly (readonly LoadedStep[])[],
  options: RunOptions,
  together: boolean,
): Promise<PlanGuard | undefined> {
  const when = validateWhen(options.validate, work.settings.validateAfter);
  if (options.validate === false || plans.every((plan) => plan.length === 0)) return undefined;
  if (when === false && !plans.some((plan) => plan.some(createsExtension))) return undefined;
  const { watchPlan } = await import('../validate/validate-plan.ts');
  return watchPlan(work, plans, when === 'each' && together ? 'plan' : when);
}

function validateWhen(asked: RunOptions['validate'], configured: ValidateAfter): ValidateAfter {
  if (asked === 'plan' || asked === 'each' || asked === false) return asked;
  return asked === true ? configured || 'plan' : configured;
}

function createsExtension({ step, body }: LoadedStep): boolean {
  return (
    step.direction === 'up' && body.type === 'sql' && hasMatch(body.up, /\bcreate\s+extension\b/i)
  );
}
