import type { CommandRun } from '../command-spec.ts';
import { oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderShow } from '../render/show.ts';

export const run: CommandRun = async (context, { args }) => {
  const migrator = await oneDatabase(context, 'show');
  const report = await migrator.show(args[0] as string);
  const { view } = context;
  view.result(report, () => renderShow(report, view.style, view.width));
  return EXIT.done;
};
