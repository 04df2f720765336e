import type { SeedOptions } from '../../app/options.ts';
import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { showRun } from './run-result.ts';

export const run: CommandRun = (context, { options }) =>
  eachDatabase(context, 'seed', async (migrator) => {
    const { signal, abort } = context.stops();
    return showRun(context, await migrator.seed({ ...(options as SeedOptions), signal, abort }));
  });
