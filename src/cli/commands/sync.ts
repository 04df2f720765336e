import type { SyncPlan, SyncPlanOptions } from '../../app/sync/types.ts';
import type { Migrator } from '../../app/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { type Context, eachDatabase } from '../context.ts';
import { EXIT, exitOfCode } from '../exit.ts';
import { renderError } from '../render/error.ts';
import { renderSyncPlan, renderSyncReport } from '../render/sync.ts';

export const run: CommandRun = (context, { options }) => {
  const { rebuild, hideFor, keep } = options as {
    readonly rebuild?: boolean;
    readonly hideFor?: number;
    readonly keep?: boolean;
  };
  const asked = { rebuild, hideForMs: hideFor, ...(keep && { drop: false }) };
  const how = { ...asked, plan: options.plan as string | undefined };
  return eachDatabase(context, 'sync', async (migrator) => {
    const plan = await migrator.planSync(how);
    const { view } = context;
    const text = () => renderSyncPlan(plan, view.style);
    if (options.check || options.dryRun) {
      view.result(plan, text);
      return options.check && plan.drift ? EXIT.pending : EXIT.done;
    }
    if (plan.summary.pending + plan.summary.blocked === 0) return showNothing(context, plan);
    // What cannot be done is shown at the end.
    if (plan.summary.pending > 0) view.note(`${text()}\n`);
    return apply(context, migrator, plan, how);
  });
};

type How = SyncPlanOptions & { readonly plan?: string | undefined };

async function apply(
  context: Context,
  migrator: Migrator,
  plan: SyncPlan,
  how: How,
): Promise<number> {
  const removals = plan.definitions.filter(
    ({ destructive, status }) => destructive && status === 'pending',
  );
  let insisted = how.plan;
  if (removals.length > 0) {
    const what = `take away ${removals.map(({ id }) => id.replace(/^\S+ /, '')).join(', ')}`;
    await guardProduction(context, migrator, what, 'godwit sync');
    // What a person agreed to is what is done.
    if (!context.globals.yes && (await migrator.settings()).production)
      insisted ??= plan.fingerprint;
  }
  const { signal, abort } = context.stops();
  const report = await migrator.sync({ ...how, plan: insisted, confirmed: true, signal, abort });
  const { error } = report;
  const { view } = context;
  const errorText = error ? renderError(error, context.errors()) : '';
  view.result(
    report,
    () => `${renderSyncReport(report, view.style)}${errorText}`,
    error !== undefined,
  );
  return error ? exitOfCode(error.code) : EXIT.done;
}

/** All is as defined, or waits for its time: the lock is not needed for it. */
function showNothing({ view }: Context, plan: SyncPlan): number {
  const { definitions, summary } = plan;
  const none = { done: 0, failed: 0, blocked: 0, withheld: 0, skipped: 0 };
  const report = { definitions, summary: { ...none, waiting: summary.waiting }, durationMs: 0 };
  view.result(report, () => renderSyncPlan(plan, view.style));
  return EXIT.done;
}
