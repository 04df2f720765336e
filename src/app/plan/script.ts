import { createHeader } from '../../core/job.ts';
import { withVariables } from '../../core/variables.ts';
import { GodwitError } from '../../errors.ts';
import type { ScriptStep } from '../../ports/driver.ts';
import { currentActor } from '../actor.ts';
import type { PlanOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { planError, planNow } from '../run/commands.ts';

/** The script that does by hand what `up` or `down` would, history records included. */
export async function planScript(project: Project, options: PlanOptions): Promise<string> {
  const [settings, driver, plan] = await Promise.all([
    project.settings(),
    project.driver(),
    planNow(project, options),
  ]);
  const errors = plan.problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) throw planError(errors);
  const by = currentActor(settings.root);
  const steps: ScriptStep[] = [];
  for (const step of plan.steps) {
    const body = await step.migration.load();
    const sql = body.type === 'sql' ? (step.direction === 'up' ? body.up : body.down) : undefined;
    if (sql === undefined) {
      throw new GodwitError(
        'GODWIT_UNSUPPORTED',
        `${step.id} ${body.type === 'sql' ? 'has no way back' : 'is code'}, so it cannot be written as SQL.`,
        {
          where: { file: step.migration.file },
          next: [`godwit ${step.direction} --only ${step.id}`],
        },
      );
    }
    const header = createHeader(step.migration, step.direction, { by, fence: 0 });
    steps.push({
      header,
      sql: withVariables(sql, settings.variables),
      transaction: sql.transaction,
      mirrors: settings.mirrors,
    });
  }
  return driver.script(steps);
}
