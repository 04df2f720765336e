import type { RecordReport } from '../../app/reports.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit.ts';

/** What `mark`, `accept` and `baseline` recorded. @returns the exit code */
export function showRecords({ view }: Context, report: RecordReport): number {
  const { style } = view;
  view.result(report, () => {
    if (report.records.length === 0)
      return `  ${style.green(style.signs.done)} Nothing to record.\n`;
    return report.records
      .map(({ id, status }) => `  ${style.green(style.signs.done)} ${id}  recorded as ${status}\n`)
      .join('');
  });
  return EXIT.done;
}
