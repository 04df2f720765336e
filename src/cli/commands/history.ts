import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderHistory } from '../render/history.ts';

export const run: CommandRun = (context, { args, options }) =>
  eachDatabase(context, 'history', async (migrator) => {
    const id = args[0] as string | undefined;
    const report = await migrator.history({ id, limit: options.limit as number | undefined });
    const { view } = context;
    view.result(report, () => renderHistory(report.runs, view.style, view.width));
    return EXIT.done;
  });
