import type { RunOptions } from '../../app/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { oneDatabase } from '../context.ts';
import { showRun } from './run-result.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const migrator = await oneDatabase(context, 'redo');
  await guardProduction(context, migrator, 'revert a migration and apply it again', 'godwit redo');
  const { signal, abort } = context.stops();
  const request: RunOptions = { ...options, only: args[0] as string | undefined, signal, abort };
  const report = await migrator.redo(request);
  return showRun(context, report);
};
