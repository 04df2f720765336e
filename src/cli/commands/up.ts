import type { RunOptions } from '../../app/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { exitOfReport } from '../exit.ts';
import { renderRunReport } from '../render/run-report.ts';
import { showPlan } from './plan.ts';

export const run: CommandRun = (context, { args, options }) =>
  eachDatabase(context, 'up', async (migrator) => {
    const request: RunOptions = { ...options, to: args[0] as string | undefined };
    if (options.dryRun)
      return showPlan(context, await migrator.plan({ ...request, direction: 'up' }));
    const { signal, abort } = context.stops();
    const report = await migrator.up({ ...request, signal, abort });
    context.view.result(report, () => renderRunReport(report, context.errors()));
    return exitOfReport(report);
  });
