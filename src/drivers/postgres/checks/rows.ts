import { substituteVariables } from '../../../core/variables.ts';
import { GodwitError } from '../../../errors.ts';
import type { FoundRow, Objection } from '../../../ports/checks.ts';
import type { SqlText } from '../../../ports/migration.ts';
import { isServerError, type SimpleResult } from '../connection.ts';
import { sqlError } from '../errors.ts';
import { analyse } from '../sql/index.ts';
import type { Asking } from './checks.ts';
import { readOnly } from './read-only.ts';

/** Rows of one file that are kept. */
const MOST_ROWS = 1_000;

/** Runs a check's SQL; the rows of all its statements are what it found. */
export async function askRows(
  asking: Asking,
  sql: SqlText,
  variables: Readonly<Record<string, string>>,
): Promise<FoundRow[] | Objection> {
  const results = await runReadOnly(asking, sql, variables);
  return Array.isArray(results) ? results.flatMap(rowsOf) : results;
}

function rowsOf({ columns, rows }: SimpleResult): FoundRow[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null])));
}

/**
 * Runs a file of questions in a transaction that writes nothing.
 *
 * @returns what each statement gave, or why the file could not be run
 */
export async function runReadOnly(
  asking: Asking,
  sql: SqlText,
  variables: Readonly<Record<string, string>>,
): Promise<SimpleResult[] | Objection> {
  const where = { file: sql.file, line: sql.line };
  try {
    const text = sql.variables ? substituteVariables(sql.text, variables, where) : sql.text;
    const { mode, reasons, statements, message } = await analyse(text, { ...where, unwrap: true });
    if (mode === 'statements' || message === undefined) {
      const why = reasons.join(' ') || 'It carries COPY data.';
      return {
        message: `${sql.file} cannot be run in a transaction that only reads. ${why}`,
        where,
      };
    }
    if (statements.length === 0) return { message: `${sql.file} asks nothing.`, where };
    return await readOnly(asking, () => send(asking, sql, message));
  } catch (error) {
    if (asking.connection.lost.aborted) throw error;
    if (!(error instanceof GodwitError)) throw error;
    const { file = sql.file, line } = error.where ?? {};
    return { message: error.message, where: { file, line } };
  }
}

async function send(asking: Asking, sql: SqlText, text: string): Promise<SimpleResult[]> {
  try {
    return await asking.connection.simple(text, { keepRows: MOST_ROWS });
  } catch (error) {
    if (!isServerError(error)) throw error;
    throw sqlError(error, {
      source: sql,
      text,
      column: 1,
      prefixLength: 0,
      prefixStatements: 0,
    });
  }
}
