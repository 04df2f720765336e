import type {
  BackfillControlReport,
  BackfillEntry,
  BackfillStatus,
  BackfillUndoReport,
} from '../../app/backfill/types.ts';
import type { DryRun, SampledRow } from '../../core/backfill/dry-run.ts';
import { approximately, showNumber, signOf } from './backfill-events.ts';
import { plural, showDuration, showTime } from './measures.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** `backfill list`. */
export function renderBackfills(
  entries: readonly BackfillEntry[],
  style: Style,
  width: number | undefined,
): string {
  if (entries.length === 0) return '  No backfills: neither in backfills/ nor in the database.\n';
  const rows = entries.map((entry) => [
    `${signOf(entry.state, style)} ${entry.name}`,
    entry.state,
    doneOf(entry),
    entry.target,
    entry.startedAt === null ? '' : showTime(entry.startedAt),
    entry.ledger?.startsWith('migration:') ? `in migration ${entry.ledger.split(':')[1]}` : '',
  ]);
  return renderTable(rows, width);
}

function doneOf({ progress, total, exact }: BackfillEntry): string {
  if (progress === null || total === null) return '';
  return `${showNumber(progress.rows)}/${approximately(total, exact)}`;
}

/** `backfill status NAME`. */
export function renderBackfillStatus(
  { backfill, poisoned }: BackfillStatus,
  style: Style,
  width: number | undefined,
): string {
  const { progress, rate, etaMs, workers, error } = backfill;
  const head = `  ${signOf(backfill.state, style)} ${style.bold(backfill.name)}  ${backfill.state}\n`;
  const facts: [string, string][] = [
    ['target', backfill.target],
    ['ledger', backfill.ledger ?? ''],
    ['file', backfill.file ?? ''],
    ['guarantee', backfill.guarantee ?? ''],
    ['done', doneOf(backfill)],
    ['changed', progress ? showNumber(progress.changed) : ''],
    ['deleted', progress?.deleted ? showNumber(progress.deleted) : ''],
    ['conflicts', progress?.conflicts ? showNumber(progress.conflicts) : ''],
    ['retries', progress?.retries ? showNumber(progress.retries) : ''],
    ['set aside', progress?.poisoned ? showNumber(progress.poisoned) : ''],
    ['rate', rate === null ? '' : `${showNumber(rate)}/s since it began`],
    ['left', etaMs === null ? '' : `about ${showDuration(etaMs)}`],
    ['asked for', controlText(backfill.control)],
    ['began', backfill.startedAt === null ? '' : showTime(backfill.startedAt)],
    ['ended', backfill.endedAt === null ? '' : showTime(backfill.endedAt)],
    ['error', error?.message ?? ''],
  ];
  const known = facts.filter(([, value]) => value !== '');
  const atWork = workers.map(
    ({ id, by, rows }) => `  ${style.dim('worker')} ${id} (${by.user}), ${showNumber(rows)} rows\n`,
  );
  const aside = poisoned.map(
    ({ key, error: why }) => `  ${style.red(style.signs.failed)} ${keyText(key)}  ${why.message}\n`,
  );
  return [
    head,
    renderTable(known, width),
    ...atWork,
    ...aside,
    ...(backfill.state === 'undoing' && workers.length === 0
      ? [`  nobody works on that now; go on: godwit backfill undo ${backfill.name}\n`]
      : []),
    ...(aside.length > 0 ? [`  try those again: godwit backfill retry ${backfill.name}\n`] : []),
  ].join('');
}

function controlText(control: BackfillEntry['control']): string {
  return Object.entries(control)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([key, value]) => (value === true ? key : `${key} ${value}`))
    .join(', ');
}

/** `backfill pause`, `resume`, `cancel`, `throttle`. */
export function renderControl(report: BackfillControlReport, style: Style): string {
  const asked = controlText(report.control) || 'no limits';
  const heard =
    report.workers > 0
      ? `${plural(report.workers, 'worker')} will hear of it within two seconds`
      : 'nobody works on it now';
  const next =
    report.workers === 0 && report.state === 'interrupted'
      ? `  go on: godwit backfill run ${report.name}\n`
      : '';
  return `  ${signOf(report.state, style)} ${report.name}  ${report.state}  (${asked}); ${heard}\n${next}`;
}

export function renderUndo(report: BackfillUndoReport, style: Style): string {
  const { error } = report;
  const rest =
    report.skipped > 0
      ? `\n    ${showNumber(report.skipped)} rows were changed since and left alone, such as ${keyText(report.skippedKeys[0] ?? [])}`
      : '';
  const sign = error ? style.yellow(style.signs.warning) : style.green(style.signs.done);
  const shown = error ? '  undoing' : '';
  const time = style.dim(showDuration(report.durationMs));
  const next = error?.next?.map((one) => `  ${one}\n`).join('') ?? '';
  return `  ${sign} ${report.name}${shown}  ${showNumber(report.restored)} rows restored  ${time}${rest}\n${next}`;
}

/** `backfill run --dry-run`. */
export function renderDryRun(dry: DryRun, style: Style): string {
  const { sampled } = dry;
  const lines = [
    `${style.bold(dry.name)} would change about ${showNumber(dry.wouldChange)} of ${approximately(dry.total, dry.exact)} rows of ${dry.target}, ${dry.guarantee}.`,
    `About ${showDuration(dry.estimateMs)}, from ${dry.estimateFrom}.`,
    `Of ${sampled.rows} rows looked at: ${sampled.set} change, ${sampled.none} stay, ${sampled.delete} are deleted, ${sampled.error} fail.`,
    ...dry.notes.map((note) => `${style.yellow(style.signs.warning)} ${note}`),
    ...dry.sample.flatMap((row) => ['', ...rowLines(row, style)]),
    '',
    'Nothing was written.',
  ];
  return `${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`;
}

function rowLines({ key, change, before, after, error }: SampledRow, style: Style): string[] {
  const head = `${style.dim('row')} ${keyText(key)}  ${change === 'none' ? 'stays as it is' : change === 'delete' ? 'is deleted' : ''}`;
  if (error !== undefined) return [`${head}${style.red(error)}`];
  if (after === undefined) return [head];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => text(before[name]) !== text(after[name]));
  return [
    head.trimEnd(),
    ...changed.flatMap((name) => [
      ...(name in before ? [`  ${style.red(`- ${name}: ${text(before[name])}`)}`] : []),
      ...(name in after ? [`  ${style.green(`+ ${name}: ${text(after[name])}`)}`] : []),
    ]),
  ];
}

/** `{ $oid: '…' }` and the like, as keys are kept, are shown by what they hold. */
function keyText(key: readonly unknown[]): string {
  const parts = key.map((part) => {
    if (typeof part !== 'object' || part === null) return text(part);
    const [name, value, ...more] = Object.entries(part).flat();
    return more.length === 0 && String(name).startsWith('$') ? String(value) : text(part);
  });
  return parts.join(', ');
}

const LONGEST = 200;

function text(value: unknown): string {
  const shown = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? `${item}n` : item,
  );
  if (shown === undefined) return 'undefined';
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}
