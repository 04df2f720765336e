import type { RunOptions } from '../../app/options.ts';
import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { oneDatabase } from '../context.ts';
import { showPlan } from './plan.ts';
import { showRun } from './run-result.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const only = args[0] as string | undefined;
  const migrator = await oneDatabase(context, 'redo');
  if (options.dryRun) {
    const request = { only, retry: options.retry === true };
    return showPlan(
      context,
      await migrator.plan({ ...request, direction: 'down' }),
      request,
      'redo',
    );
  }
  await guardProduction(context, migrator, 'revert a migration and apply it again', 'godwit redo');
  const { signal, abort } = context.stops();
  const request: RunOptions = { ...options, only, signal, abort };
  const report = await migrator.redo(request);
  return showRun(context, report);
};
