import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { oneDatabase } from '../context.ts';
import { showRecords } from './records.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const version = args[0] as string;
  const migrator = await oneDatabase(context, 'baseline');
  await guardProduction(
    context,
    migrator,
    `record everything up to ${version} as applied`,
    `godwit baseline ${version}`,
  );
  const { signal, abort } = context.stops();
  const reason = options.reason as string | undefined;
  return showRecords(context, await migrator.baseline(version, { reason, signal, abort }));
};
