import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT, exitOfStatus } from '../exit.ts';
import { renderStatus } from '../render/status.ts';

export const run: CommandRun = (context, { options }) =>
  eachDatabase(context, 'status', async (migrator) => {
    const report = await migrator.status();
    const { view } = context;
    view.result(report, () => renderStatus(report, view.style, view.width));
    return options.check ? exitOfStatus(report) : EXIT.done;
  });
