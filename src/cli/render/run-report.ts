import type { RunReport } from '../../app/reports.ts';
import { type ErrorSetting, renderError } from './error.ts';
import { plural, showDuration } from './measures.ts';

/** Warnings of a validation that are shown. */
const WARNINGS = 5;

/**
 * The end of `up`, `down` and `redo`: what went wrong, and the count. What was applied,
 * and warnings, have been shown by the events already.
 */
export function renderRunReport(report: RunReport, setting: ErrorSetting): string {
  const errors = report.runs.flatMap(({ error }) => error ?? []);
  const same = errors.some(({ code }) => code === report.error?.code);
  if (report.error !== undefined && !same) errors.push(report.error);
  const text = errors.map((error) => `\n${indent(renderError(error, setting))}`).join('');
  return `${text}${backupHint(report, setting)}${summaryLine(report, setting)}${validationLine(report, setting)}`;
}

/** Of what went wrong the copy from before is one way out. */
function backupHint({ backup, summary, error }: RunReport, { style }: ErrorSetting): string {
  if (backup === undefined || (summary.failed === 0 && error === undefined)) return '';
  const ways = [
    `godwit backup restore ${backup.id}`,
    ...(backup.plain === null ? [] : [`psql "$DATABASE_URL" < ${backup.plain}`]),
  ];
  return `\n  As it was before: ${ways.join(`\n    ${style.dim('or')}  `)}\n`;
}

function validationLine({ validation }: RunReport, { style }: ErrorSetting): string {
  if (!validation) return '';
  const { error, warning } = validation.summary;
  if (error + warning === 0) return `  ${style.green(style.signs.done)} Validated.\n`;
  const warnings = validation.findings
    .filter(({ severity }) => severity === 'warning')
    .map(
      ({ message, code }) =>
        `  ${style.yellow(style.signs.warning)} ${message} ${style.dim(code)}\n`,
    );
  const shown = warnings.slice(0, WARNINGS).join('');
  const more = warnings.length - WARNINGS;
  return more > 0 ? `${shown}    … and ${more} more: godwit validate\n` : shown;
}

function summaryLine(
  { summary, durationMs, runs, error, definitions = [] }: RunReport,
  { style }: ErrorSetting,
): string {
  const { applied, reverted, failed, remaining } = summary;
  const synced = definitions.filter(({ status }) => status === 'done').length;
  if (runs.length + remaining + synced === 0 && error === undefined) {
    return `  ${style.green(style.signs.done)} Nothing to do.\n`;
  }
  const parts = [
    applied > 0 ? style.green(`${applied} applied`) : '',
    reverted > 0 ? style.green(`${reverted} reverted`) : '',
    failed > 0 ? style.red(`${failed} failed`) : '',
    remaining > 0 ? `${remaining} remaining` : '',
    synced > 0 ? style.green(`${plural(synced, 'definition')} brought in line`) : '',
  ].filter((part) => part !== '');
  const what = parts.length > 0 ? parts.join(', ') : plural(0, 'migration');
  return `\n  ${what}  ${style.dim(`in ${showDuration(durationMs)}`)}\n`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
