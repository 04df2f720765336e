import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { oneDatabase } from '../context.ts';
import { showRecords } from './records.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const [id, state] = args as [string, 'applied' | 'pending'];
  const migrator = await oneDatabase(context, 'mark');
  await guardProduction(
    context,
    migrator,
    `record ${id} as ${state}`,
    `godwit mark ${id} ${state}`,
  );
  const { signal, abort } = context.stops();
  const reason = options.reason as string | undefined;
  return showRecords(context, await migrator.mark(id, state, { reason, signal, abort }));
};
