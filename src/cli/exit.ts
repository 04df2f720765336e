import type { RunReport, StatusReport } from '../app/reports.ts';
import { isDrift } from '../core/sync/drift.ts';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  pending: 3,
  lock: 4,
  refused: 5,
  stopped: 130,
} as const;

export function exitOfCode(code: ErrorCode): number {
  return ERROR_CODES[code].exit;
}

/** Of `up`, `down` and `redo`: what stopped the plan goes before what failed in it. */
export function exitOfReport(report: RunReport): number {
  if (report.error !== undefined) return exitOfCode(report.error.code);
  return report.summary.failed > 0 ? EXIT.failed : EXIT.done;
}

/** Of `status --check`: a failure goes before pending work and drift. */
export function exitOfStatus({ summary, problems, definitions }: StatusReport): number {
  const halfReset = problems.some(({ code }) => code === 'GODWIT_RESET_UNFINISHED');
  if (summary.failed + summary.interrupted > 0 || halfReset) return EXIT.failed;
  const drift = summary.pending + summary.running + summary.modified + summary.missing;
  const otherwise = definitions?.some(isDrift) ?? false;
  return drift > 0 || otherwise || problems.some(({ severity }) => severity === 'error')
    ? EXIT.pending
    : EXIT.done;
}
