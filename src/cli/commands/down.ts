import type { RunOptions } from '../../app/options.ts';
import { GodwitError } from '../../errors.ts';
import type { CommandRun } from '../command-spec.ts';
import { guardProduction } from '../confirm.ts';
import { oneDatabase } from '../context.ts';
import { showPlan } from './plan.ts';
import { showRun } from './run-result.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const steps = args[0] as number | undefined;
  refuseContradiction(steps, options);
  const migrator = await oneDatabase(context, 'down');
  const request: RunOptions = { ...options, steps };
  if (options.dryRun)
    return showPlan(context, await migrator.plan({ ...request, direction: 'down' }), request);
  const what = options.all ? 'revert every migration' : 'revert migrations';
  await guardProduction(context, migrator, what, `godwit down${options.all ? ' --all' : ''}`);
  const { signal, abort } = context.stops();
  const report = await migrator.down({ ...request, signal, abort });
  return showRun(context, report);
};

/** Guessing which of two limits was meant would revert too much. */
function refuseContradiction(
  steps: number | undefined,
  options: Readonly<Record<string, unknown>>,
): void {
  const said = [
    steps === undefined ? '' : String(steps),
    ...['all', 'to', 'only'].map((name) => (options[name] === undefined ? '' : `--${name}`)),
  ].filter((word) => word !== '');
  if (said.length < 2) return;
  throw new GodwitError(
    'GODWIT_USAGE',
    `${said.join(' and ')} contradict each other: give one of them.`,
    {
      state: 'Nothing was changed.',
      next: ['godwit down --help'],
    },
  );
}
