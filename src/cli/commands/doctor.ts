import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderDoctor } from '../render/findings.ts';

export const run: CommandRun = (context) =>
  eachDatabase(context, 'doctor', async (migrator) => {
    const report = await migrator.doctor();
    context.view.result(report, () => renderDoctor(report, context.view.style));
    return report.summary.error > 0 ? EXIT.failed : EXIT.done;
  });
