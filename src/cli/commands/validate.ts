import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderValidation } from '../render/findings.ts';

export const run: CommandRun = (context, { options }) =>
  eachDatabase(context, 'validate', async (migrator) => {
    const { signal, abort } = context.stops();
    const report = await migrator.validate({ ...options, signal, abort });
    context.view.result(report, () => renderValidation(report, context.view.style));
    return report.summary.error > 0 ? EXIT.failed : EXIT.done;
  });
