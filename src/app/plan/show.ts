import type { Settings } from '../../config/settings.ts';
import type { Plan, PlanProblem, PlanStep } from '../../core/plan.ts';
import { withVariables } from '../../core/variables.ts';
import { toGodwitError } from '../../errors.ts';
import { hasRepeatables } from '../../formats/repeatable-source.ts';
import type { SyncOperation } from '../../ports/definition.ts';
import type { Driver } from '../../ports/driver.ts';
import type { PlanOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { planNow } from '../run/commands.ts';

/**
 * The plan for people to look at: with how each SQL file will be run, and a warning for
 * one that will not run at all. The fingerprint is that of the plan without.
 */
export async function showPlan(project: Project, options: PlanOptions): Promise<ShownPlan> {
  const [settings, driver, plan] = await Promise.all([
    project.settings(),
    project.driver(),
    planNow(project, options),
  ]);
  const steps: PlanStep[] = [];
  const problems: PlanProblem[] = [];
  for (const step of plan.steps) {
    try {
      steps.push(await predictStep(step, driver, settings));
    } catch (thrown) {
      steps.push(step);
      const problem = willFail(step, thrown);
      if (!plan.problems.some(({ message }) => message === problem.message)) problems.push(problem);
    }
  }
  const shown = { ...plan, steps, problems: [...plan.problems, ...problems] };
  if (plan.direction === 'down') return shown;
  if (!settings.sync.onUp && !hasRepeatables(settings)) return shown;
  const { definitionsNow } = await import('../sync/in-plan.ts');
  return { ...shown, definitions: await definitionsNow(project) };
}

/** With what `up` would bring in line after the migrations, as it differs now. */
export interface ShownPlan extends Plan {
  readonly definitions?: readonly SyncOperation[] | undefined;
}

/** Code is not imported for a plan: it stays as declared. */
async function predictStep(step: PlanStep, driver: Driver, settings: Settings): Promise<PlanStep> {
  const { migration, direction, record, reasons } = step;
  if (migration.format !== 'sql' || !driver.predict) return step;
  const body = await migration.load();
  const sql = body.type === 'sql' ? body[direction] : undefined;
  if (!sql) return step;
  const predicted = await driver.predict(withVariables(sql, settings.variables));
  const resumed = record?.direction === direction && record.checkpoint !== undefined;
  return {
    ...step,
    transaction: resumed ? 'never' : predicted.mode,
    reasons: [...reasons, ...predicted.reasons],
  };
}

function willFail(step: PlanStep, thrown: unknown): PlanProblem {
  const { code, message, next } = toGodwitError(thrown);
  const fix = next?.[0] ?? 'mend the file';
  return { code, severity: 'warning', id: step.id, message, fix };
}
