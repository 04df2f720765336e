import type { SquashOptions } from '../../app/schema/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { askYes, guardProduction } from '../confirm.ts';
import { oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderSquash } from '../render/schema.ts';

export const run: CommandRun = async (context, { options }) => {
  const migrator = await oneDatabase(context, 'squash');
  const asked = options as SquashOptions;
  const { signal, abort } = context.stops();
  const { view } = context;
  await guardProduction(context, migrator, 'fold migrations into one', 'godwit squash');
  if (!asked.dryRun && !context.globals.yes) {
    const plan = await migrator.squash({ ...asked, signal, abort, dryRun: true });
    view.note(renderSquash(plan, view.style));
    await askYes(context, '  Write it, and move their files to .squashed?', 'godwit squash');
  }
  const report = await migrator.squash({ ...asked, signal, abort, confirmed: true });
  view.result(report, () => renderSquash(report, view.style));
  return EXIT.done;
};
