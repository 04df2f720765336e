import type { HistoryRun } from '../../app/reports.ts';
import { showDuration, showTime } from './measures.ts';
import { paintState } from './status.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** One line per run, newest last. */
export function renderHistory(
  runs: readonly HistoryRun[],
  style: Style,
  width: number | undefined,
): string {
  if (runs.length === 0) return '  No runs yet.\n';
  const rows = runs.map((run) => [
    style.dim(showTime(run.at)),
    run.direction === 'up' ? 'up' : 'down',
    run.id,
    paintState(run.status, style),
    run.durationMs === null ? '' : style.dim(showDuration(run.durationMs)),
    `${run.by.user}@${run.by.host}`,
    style.dim(remark(run)),
  ]);
  return renderTable(rows, width, 4);
}

/** How it came to be if not by running, why, and what went wrong. */
function remark(run: HistoryRun): string {
  const via = run.via === null || run.via === 'run' ? '' : run.via;
  return [via, run.reason ?? '', run.error?.message.split('\n')[0] ?? '']
    .filter((part) => part !== '')
    .join(': ');
}
