import { GodwitError } from '../../errors.ts';
import type { CommandRun } from '../command-spec.ts';
import { oneDatabase } from '../context.ts';
import { showRecords } from './records.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const ids = args[0] as string[];
  if (ids.length === 0 && !options.all) throw nothingNamed();
  const migrator = await oneDatabase(context, 'accept');
  const { signal, abort } = context.stops();
  const reason = options.reason as string | undefined;
  return showRecords(context, await migrator.accept(ids, { reason, signal, abort }));
};

function nothingNamed(): GodwitError {
  return new GodwitError(
    'GODWIT_USAGE',
    'Name the migrations whose files are to be accepted, or say --all.',
    {
      state: 'Nothing was changed.',
      next: ['godwit status', 'godwit accept ID --reason …'],
    },
  );
}
