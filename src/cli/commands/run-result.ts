import type { RunReport } from '../../app/reports.ts';
import type { Context } from '../context.ts';
import { EXIT, exitOfReport } from '../exit.ts';
import { renderRunReport } from '../render/run-report.ts';

/** The end of `up`, `down` and `redo`. @returns the exit code */
export function showRun(context: Context, report: RunReport): number {
  const code = exitOfReport(report);
  const text = () => renderRunReport(report, context.errors());
  context.view.result(report, text, code !== EXIT.done);
  return code;
}
