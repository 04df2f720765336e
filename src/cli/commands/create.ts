import type { CreateOptions } from '../../app/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';

export const run: CommandRun = async (context, { args, options }) => {
  const name = (args[0] as string[]).join(' ');
  const migrator = await oneDatabase(context, 'create');
  const report = await migrator.create(name, options as CreateOptions);
  const { style } = context.view;
  context.view.result(report, () =>
    report.files.map((file) => `  ${style.green(style.signs.done)} ${file}\n`).join(''),
  );
  return EXIT.done;
};
