import type { DoctorReport, ValidationReport } from '../../app/reports.ts';
import type { FindingPlace } from '../../ports/finding.ts';
import { plural } from './measures.ts';
import type { Style } from './style.ts';

type Severity = 'ok' | 'info' | 'warning' | 'error';

interface Line {
  readonly severity: Severity;
  readonly message: string;
  readonly where: string;
  readonly fix: string | undefined;
  readonly code: string;
}

export function renderValidation({ findings, summary }: ValidationReport, style: Style): string {
  const lines = findings.map(({ severity, message, where, fix, code }) => ({
    severity,
    message,
    where: showPlace(where),
    fix,
    code,
  }));
  return `${renderLines(lines, style)}${findings.length > 0 ? '\n' : ''}${verdict(summary.error, summary.warning, style)}`;
}

/** A place in a file, else the object in the database. */
function showPlace(where: FindingPlace): string {
  const file = where.file ?? where.id;
  if (file !== undefined) return where.line === undefined ? file : `${file}:${where.line}`;
  const { schema, table, column } = where;
  return [schema, table ?? where.sequence, column].filter((part) => part !== undefined).join('.');
}

export function renderDoctor({ diagnoses, summary }: DoctorReport, style: Style): string {
  const lines = diagnoses.map(({ severity, message, fix, code }) => ({
    severity,
    message,
    where: '',
    fix,
    code,
  }));
  return `${renderLines(lines, style)}\n${verdict(summary.error, summary.warning, style)}`;
}

function renderLines(lines: readonly Line[], style: Style): string {
  return lines
    .map(({ severity, message, where, fix, code }) => {
      const good = severity === 'ok' || severity === 'info';
      const place = where === '' ? '' : ` ${style.cyan(where)}`;
      const first = `  ${sign(severity, style)} ${message}${place}${good ? '' : ` ${style.dim(code)}`}\n`;
      return fix && !good ? `${first}    ${style.dim('Next')}  ${fix}\n` : first;
    })
    .join('');
}

function sign(severity: Severity, style: Style): string {
  if (severity === 'ok') return style.green(style.signs.done);
  if (severity === 'info') return style.signs.pending;
  return severity === 'error' ? style.red(style.signs.failed) : style.yellow(style.signs.warning);
}

function verdict(errors: number, warnings: number, style: Style): string {
  if (errors + warnings === 0) return `  ${style.green('All is well.')}\n`;
  const parts = [
    errors > 0 ? style.red(plural(errors, 'error')) : '',
    warnings > 0 ? style.yellow(plural(warnings, 'warning')) : '',
  ];
  return `  ${parts.filter((part) => part !== '').join(', ')}\n`;
}
