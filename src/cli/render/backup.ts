import type {
  BackupListing,
  BackupReport,
  BackupVerification,
  PruneReport,
  RestoreResult,
} from '../../app/backup/types.ts';
import { showBytes } from '../../core/text/show-bytes.ts';
import { showNumber } from './backfill-events.ts';
import { plural, showTime } from './measures.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

/** `backup list`. */
export function renderBackups(
  { dir, backups, problems }: BackupListing,
  style: Style,
  width: number | undefined,
): string {
  if (backups.length + problems.length === 0) return `  No backups in ${dir}.\n`;
  const rows = backups.map((backup) => [
    backup.id,
    showTime(backup.at),
    showBytes(backup.bytes),
    `${showRows(backup.rows)}${backup.only ? ` of ${backup.only.join(', ')}` : ''}`,
    backup.database,
    backup.reason,
    backup.tool,
  ]);
  const bad = problems.map(
    ({ id, message }) => `  ${style.yellow(style.signs.warning)} ${id}: ${message}\n`,
  );
  return `${renderTable(rows, width)}${bad.join('')}`;
}

function showRows(rows: number): string {
  return `${showNumber(rows)} row${rows === 1 ? '' : 's'}`;
}

/** `backup create`: the events have told of it. */
export function renderCreated({ backup, pruned }: BackupReport, style: Style): string {
  const gone =
    pruned.length > 0 ? style.dim(`  ${plural(pruned.length, 'older one')} removed`) : '';
  return `  ${backup.folder}${gone}\n`;
}

/** `backup restore`. */
export function renderRestored({ tables, rows, notes }: RestoreResult, style: Style): string {
  return [
    `  ${plural(tables, 'table')} with ${showRows(rows)}, as they were.\n`,
    ...notes.map((note) => `    ${style.yellow(style.signs.warning)} ${note}\n`),
  ].join('');
}

/** `backup verify`. */
export function renderVerified(report: BackupVerification, style: Style): string {
  const lines = report.findings.map(({ severity, where, message, fix }) => {
    const sign =
      severity === 'error' ? style.red(style.signs.failed) : style.yellow(style.signs.warning);
    const next = fix === '' ? '' : `\n    ${style.dim('Next')}  ${fix}`;
    return `  ${sign} ${where.id ?? ''}  ${message}${next}\n`;
  });
  const good = report.verified.length;
  const sign = style.green(style.signs.done);
  return report.summary.error === 0
    ? `${lines.join('')}  ${sign} ${plural(good, 'backup')} as described\n`
    : lines.join('');
}

/** `backup prune`. */
export function renderPruned({ removed, kept, freedBytes, dryRun }: PruneReport): string {
  const verb = dryRun ? 'would go' : 'removed';
  const lines = removed.map(({ id, bytes }) => `  ${id}  ${showBytes(bytes)}\n`);
  return `${lines.join('')}  ${removed.length} ${verb} (${showBytes(freedBytes)}), ${kept} kept\n`;
}
