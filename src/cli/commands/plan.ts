import type { PlanOptions } from '../../app/options.ts';
import type { ShownPlan } from '../../app/plan/show.ts';
import type { Plan } from '../../core/plan.ts';
import { isDrift } from '../../core/sync/drift.ts';
import type { CommandRun } from '../command-spec.ts';
import { type Context, eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { planDocument, renderPlan } from '../render/plan.ts';

export const run: CommandRun = (context, { args, options }) => {
  const { sql, check, ...rest } = options;
  const request: PlanOptions = {
    ...rest,
    to: (args[0] as string | undefined) ?? (rest.to as string | undefined),
  };
  return eachDatabase(context, 'plan', async (migrator) => {
    if (sql) {
      const script = await migrator.planSql(request);
      if (context.view.mode === 'text') context.io.stdout.write(script);
      else context.view.result({ sql: script }, () => '');
      return EXIT.done;
    }
    const plan = await migrator.plan(request);
    showPlan(context, plan, request);
    const differs = plan.definitions?.some(isDrift) ?? false;
    const something = differs || plan.steps.length + plan.problems.length > 0;
    return check && something ? EXIT.pending : EXIT.done;
  });
};

/**
 * Also what `--dry-run` shows.
 *
 * @param command what would do it; `redo` applies again what its plan reverts
 * @returns the exit code
 */
export function showPlan(
  { view, globals }: Context,
  plan: ShownPlan,
  request: PlanOptions,
  command: 'up' | 'down' | 'redo' = plan.direction,
): number {
  const line = commandOf(plan, { ...request, database: globals.database }, command);
  view.result(planDocument(plan), () => renderPlan(plan, line, view.style, view.width));
  return EXIT.done;
}

type Asked = PlanOptions & { readonly database?: string | undefined };

/** The command that does what was planned: without its limits the plan would be another. */
function commandOf({ direction, fingerprint }: Plan, asked: Asked, command: string): string {
  const { to, steps, all, only, retry, outOfOrder, database } = asked;
  const down = direction === 'down';
  const words = [
    to !== undefined && (down ? `--to ${to}` : to),
    steps !== undefined && (down ? String(steps) : `--steps ${steps}`),
    all && '--all',
    only !== undefined && (command === 'redo' ? only : `--only ${only}`),
    retry && '--retry',
    !down && outOfOrder !== undefined && `--out-of-order ${outOfOrder}`,
    database !== undefined && `--database ${database}`,
    `--plan ${fingerprint}`,
  ];
  return ['godwit', command, ...words.filter(Boolean)].join(' ');
}
