import type { RunOptions } from '../../app/options.ts';
import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { showPlan } from './plan.ts';
import { showRun } from './run-result.ts';

export const run: CommandRun = (context, { args, options }) =>
  eachDatabase(context, 'up', async (migrator) => {
    const request: RunOptions = { ...options, to: args[0] as string | undefined };
    if (options.dryRun)
      return showPlan(context, await migrator.plan({ ...request, direction: 'up' }), request);
    const { signal, abort } = context.stops();
    const confirmed = context.globals.yes === true;
    const report = await migrator.up({ ...request, signal, abort, confirmed });
    return showRun(context, report);
  });
