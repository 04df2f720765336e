import type { FoundRow } from '../../ports/checks.ts';
import type { Finding, FindingPlace, FindingSeverity } from '../../ports/finding.ts';
import { CHECK_CODES } from './codes.ts';

/** Rows of one check that are told one by one; the rest is counted. */
const MOST = 100;
const SEVERITIES: Readonly<Record<string, FindingSeverity>> = {
  error: 'error',
  err: 'error',
  fail: 'error',
  warning: 'warning',
  warn: 'warning',
  info: 'info',
  notice: 'info',
};
const PLACES = ['schema', 'table', 'column', 'index', 'constraint', 'policy', 'role'] as const;
/** What a column is also called. */
const ALIASES: Readonly<Record<string, string>> = {
  schema_name: 'schema',
  table_schema: 'schema',
  table_name: 'table',
  collection: 'table',
  column_name: 'column',
  field: 'column',
  index_name: 'index',
  hint: 'fix',
  text: 'message',
};

/** A check of the project's own. */
export interface OwnCheck {
  /** The file's stem. */
  readonly name: string;
  readonly file: string;
  /** Of rows that name none. Default `error`. */
  readonly severity?: FindingSeverity | undefined;
}

/**
 * Findings of the rows that a check of the project's own gave back. Columns `message`,
 * `severity`, `fix`, `code`, `schema`, `table` and so on mean what they say; a row without a
 * message is told with all its columns.
 */
export function findingsOfRows(check: OwnCheck, rows: readonly FoundRow[]): Finding[] {
  const { name, file, severity = 'error' } = check;
  const findings = rows.slice(0, MOST).map((row) => findingOf({ name, file, severity }, row));
  if (rows.length <= MOST) return findings;
  return [
    ...findings,
    {
      code: CHECK_CODES.folder,
      severity,
      where: { file },
      message: `${name} found ${rows.length - MOST} more.`,
      fix: fixOf(file),
    },
  ];
}

function findingOf({ name, file, severity: usual }: Required<OwnCheck>, given: FoundRow): Finding {
  const row = withPlace(given);
  const { message, severity, fix, code } = row;
  const where: FindingPlace = {
    file,
    ...Object.fromEntries(
      PLACES.flatMap((key) => (isText(row[key]) ? [[key, row[key]] as const] : [])),
    ),
  };
  return {
    code: isText(code) && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : CHECK_CODES.folder,
    severity: SEVERITIES[String(severity ?? usual).toLowerCase()] ?? 'error',
    where,
    message: isText(message) ? message : `${name} found ${shown(given)}`,
    fix: isText(fix) ? fix : fixOf(file),
  };
}

function withPlace(given: FoundRow): Record<string, unknown> {
  const { where, ...rest } = given;
  const row: Record<string, unknown> = {
    ...(typeof where === 'object' && where !== null && where),
  };
  for (const [key, value] of Object.entries(rest)) {
    const name = ALIASES[key] ?? key;
    if (rest[name] === undefined || name === key) row[name] = value;
  }
  return row;
}

function fixOf(file: string): string {
  return `mend what ${file} asks about, then: godwit validate`;
}

function shown(row: FoundRow): string {
  const text = Object.entries(row)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');
  return text.length <= 300 ? text : `${text.slice(0, 299)}…`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
