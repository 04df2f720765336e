import type { ShowReport } from '../../app/reports.ts';
import { renderHistory } from './history.ts';
import { showDuration, showTime } from './measures.ts';
import { paintState } from './status.ts';
import type { Style } from './style.ts';

/** One migration: its facts, its runs and its files. */
export function renderShow(report: ShowReport, style: Style, width: number | undefined): string {
  const { migration, files, runs } = report;
  const facts: [string, string | null][] = [
    ['State', paintState(migration.state, style)],
    ['About', migration.description],
    ['Author', migration.author],
    ['Applied', migration.appliedAt === null ? null : showTime(migration.appliedAt)],
    ['Took', migration.durationMs === null ? null : showDuration(migration.durationMs)],
    ['SHA-256', migration.checksum],
    ['Error', migration.error?.message ?? null],
  ];
  const lines = facts.flatMap(([label, text]) =>
    text === null ? [] : [`  ${style.dim(label.padEnd(8))} ${text}\n`],
  );
  const texts = files.map(({ file, text }) => `\n${style.bold(file)}\n${text.trimEnd()}\n`);
  return [
    `${style.bold(migration.id)}  ${style.dim(`version ${migration.version}`)}\n\n`,
    ...lines,
    runs.length > 0 ? `\n${renderHistory(runs, style, width)}` : '',
    ...texts,
  ].join('');
}
