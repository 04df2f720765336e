import type { LintReport } from '../../app/reports.ts';
import type { Migrator } from '../../app/types.ts';
import type { FindingSeverity } from '../../ports/finding.ts';
import type { CommandRun } from '../command-spec.ts';
import { type Context, eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { jsonDocument } from '../render/json.ts';
import { renderLint } from '../render/lint.ts';

type Output = 'text' | 'json' | 'sarif' | 'github';

interface Options {
  readonly since?: string;
  readonly output?: Output;
  readonly check?: FindingSeverity;
  readonly all?: boolean;
  readonly offline?: boolean;
}

export const run: CommandRun = (context, { args, options }) => {
  const { output = 'text', check = 'error', ...how } = options as Options;
  const targets = args[0] as readonly string[];
  return eachDatabase(context, 'lint', async (migrator: Migrator) => {
    const report = await migrator.lint({ targets, ...how });
    await show(context, report, output);
    return isBad(report, check) ? EXIT.failed : EXIT.done;
  });
};

function isBad({ summary }: LintReport, check: FindingSeverity): boolean {
  if (summary.error > 0) return true;
  if (check === 'error') return false;
  return summary.warning > 0 || (check === 'info' && summary.info > 0);
}

/** `--json` is the contract's document, whatever `--output` says. */
async function show(context: Context, report: LintReport, output: Output): Promise<void> {
  const { view, io } = context;
  if (view.mode !== 'text' || output === 'text') {
    view.result(report, () => renderLint(report, view.style));
  } else if (output === 'json') {
    io.stdout.write(jsonDocument(report));
  } else if (output === 'sarif') {
    const { toSarif } = await import('../../lint/report/sarif.ts');
    io.stdout.write(jsonDocument(toSarif(report.findings)));
  } else {
    const { toGithub } = await import('../../lint/report/github.ts');
    io.stdout.write(toGithub(report.findings));
  }
}
