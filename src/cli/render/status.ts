import type { StatusEntry, StatusReport } from '../../app/reports.ts';
import { MIGRATION_STATES, type MigrationState } from '../../core/state.ts';
import { showDuration, showTime } from './measures.ts';
import { renderProblems } from './plan.ts';
import type { Style } from './style.ts';
import { renderDefinitions } from './sync.ts';
import { renderTable } from './table.ts';
import { renderTarget, showHolder } from './target.ts';

/** The state of every migration, what stands in the way, and what to type. */
export function renderStatus(
  report: StatusReport,
  style: Style,
  width: number | undefined,
): string {
  const { database, migrations, summary, lock, problems, definitions = [] } = report;
  const target = {
    driver: database.driver as 'postgres',
    host: database.host,
    database: database.name,
  };
  const own = migrations.filter(({ kind }) => kind !== 'seed');
  const seeds = migrations.filter(({ kind }) => kind === 'seed');
  const parts = [`${renderTarget(target, style)}\n\n`, renderEntries(own, style, width)];
  if (own.length > 0) parts.push('\n');
  parts.push(`  ${counts(summary, style)}\n`);
  if (report.seeds) {
    parts.push(`\n  ${style.bold('Seeds')}\n`, renderEntries(seeds, style, width), '\n');
    parts.push(`  ${counts(report.seeds, style)}\n`);
  }
  if (lock) parts.push(`  Lock held by ${showHolder(lock)}\n`);
  if (definitions.length > 0) parts.push('\n', renderDefinitions(definitions, style));
  if (problems.length > 0) parts.push('\n', renderProblems(problems, style));
  // Problems bring their own advice.
  const next = problems.length > 0 ? [] : [...nextOf(own), ...nextOfSeeds(seeds)];
  if (next.length > 0)
    parts.push(
      `\n${next.map((line, i) => `  ${style.dim(i === 0 ? 'Next ' : '     ')}  ${line}\n`).join('')}`,
    );
  return parts.join('');
}

/** One line each, with the error of what failed below it. */
export function renderEntries(
  entries: readonly StatusEntry[],
  style: Style,
  width: number | undefined,
): string {
  const rows = entries.map((entry) => [
    sign(entry.state, style),
    entry.id,
    entry.state === 'applied' ? style.dim('applied') : paintState(entry.state, style),
    entry.appliedAt ? style.dim(showTime(entry.appliedAt)) : '',
    entry.durationMs === null ? '' : style.dim(showDuration(entry.durationMs)),
    style.dim(entry.error?.message.split('\n')[0] ?? entry.description ?? ''),
  ]);
  return renderTable(rows, width);
}

function sign(state: MigrationState, style: Style): string {
  const { signs } = style;
  if (state === 'applied') return style.green(signs.done);
  if (state === 'pending' || state === 'running') return signs.pending;
  return state === 'failed' || state === 'interrupted'
    ? style.red(signs.failed)
    : style.yellow(signs.warning);
}

export function paintState(state: string, style: Style): string {
  if (state === 'failed' || state === 'interrupted') return style.red(state);
  if (state === 'modified' || state === 'missing') return style.yellow(state);
  return state === 'running' ? style.cyan(state) : state;
}

function counts(summary: StatusReport['summary'], style: Style): string {
  const parts = MIGRATION_STATES.filter((state) => summary[state] > 0).map((state) =>
    paintState(`${summary[state]} ${state}`, style),
  );
  return parts.length > 0 ? parts.join(', ') : 'No migrations.';
}

/** Seeds are run again by themselves, whatever became of them. */
function nextOfSeeds(entries: readonly StatusEntry[]): string[] {
  const open = entries.some(({ state }) => /pending|failed|interrupted/.test(state));
  const modified = entries.find(({ state }) => state === 'modified');
  return [
    ...(open ? ['godwit seed'] : []),
    ...(modified ? [`godwit seed --only ${modified.id} --again`] : []),
  ];
}

/** The commands that fit, the most urgent first. */
function nextOf(entries: readonly StatusEntry[]): string[] {
  const first = (state: MigrationState) => entries.find((entry) => entry.state === state);
  const failed = first('failed');
  const interrupted = first('interrupted');
  const modified = first('modified');
  const missing = first('missing');
  const next: string[] = [];
  if (failed) next.push(`godwit show ${failed.id}`, 'godwit up');
  if (interrupted) next.push('godwit up --retry', `godwit mark ${interrupted.id} applied`);
  if (modified) next.push(`godwit accept ${modified.id}`);
  if (missing) next.push(`put the file of ${missing.id} back`);
  if (next.length === 0 && first('pending')) next.push('godwit up');
  return [...new Set(next)];
}
