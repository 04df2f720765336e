import { hideSecrets } from '../../core/text/hide-secrets.ts';
import { type ErrorCode, GodwitError, type Place, toGodwitError } from '../../errors.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { Job } from '../../ports/session.ts';
import { completedOf, isServerError, type ServerError, sqlState } from './connection.ts';
import { placeOf, splitStatements } from './sql/index.ts';

const LONGEST_STATEMENT = 500;

/** SQL of a file as it was sent, behind something of godwit's own. */
export interface SentSql {
  readonly source: Pick<SqlText, 'file' | 'line'>;
  /** The file's part of the message; lines and positions are the file's. */
  readonly text: string;
  /** Column of the file's line on which it begins. */
  readonly column: number;
  /** Characters of the message before it. */
  readonly prefixLength: number;
  /** Statements of the message before it. */
  readonly prefixStatements: number;
  /** What it copies: the line of the file on which that begins, and its rows by number. */
  readonly copy?: { readonly line: number; row(number: number): string } | undefined;
}

/** Makes of whatever went wrong an error that points into the file. */
export function sqlError(thrown: unknown, sent: SentSql | undefined): GodwitError {
  if (thrown instanceof GodwitError) return thrown;
  if (!isServerError(thrown)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new GodwitError(
      'GODWIT_CONNECTION_LOST',
      `The connection to PostgreSQL was lost: ${message}.`,
      {
        cause: thrown,
        ...(sent && { where: { file: sent.source.file } }),
      },
    );
  }
  return new GodwitError(codeOf(thrown), messageOf(thrown), {
    cause: thrown,
    ...(sent && { where: shift(findPlace(thrown, sent), sent) }),
    ...adviceFor(thrown),
  });
}

/** The same error as it may be recorded: its statement has the values of variables in it. */
export function withoutSecrets(error: GodwitError, { variables }: Pick<Job, 'variables'>) {
  const clean = (text: string): string => hideSecrets(text, variables);
  const statement = error.where?.statement;
  const message = clean(error.message);
  if (message === error.message && (statement === undefined || clean(statement) === statement)) {
    return error;
  }
  const { code, state, next, cause } = error;
  const where = error.where && {
    ...error.where,
    ...(statement !== undefined && { statement: clean(statement) }),
  };
  return new GodwitError(code, message, { where, state, next, cause });
}

/** The server's message with its detail, hint and SQLSTATE. */
export function messageOf(error: ServerError): string {
  const parts = [`${error.message} (SQLSTATE ${error.code})`];
  if (error.detail) parts.push(`Detail: ${error.detail}`);
  if (error.hint) parts.push(`Hint: ${error.hint}`);
  if (error.where) parts.push(`Context: ${error.where}`);
  return parts.join('\n');
}

function codeOf(error: ServerError): ErrorCode {
  if (error.code === '55P03') return 'GODWIT_LOCK_TIMEOUT';
  if (error.code.startsWith('08') || error.code.startsWith('57P')) return 'GODWIT_CONNECTION_LOST';
  return 'GODWIT_MIGRATION_FAILED';
}

function adviceFor(error: ServerError): { next?: string[] } {
  switch (error.code) {
    case '25001':
    case '2D000':
      return { next: ['put this line at the top of the file: -- godwit: no-transaction'] };
    case '55P03':
      return {
        next: [
          'try again when the blocker is done: godwit up',
          'or wait longer: statementLockTimeoutMs in godwit.config',
        ],
      };
    default:
      return {};
  }
}

/** The first line of a part of a file begins where the part does. */
function shift(place: Place, { source, column }: SentSql): Place {
  if (place.column === undefined || place.line !== source.line) return place;
  return { ...place, column: place.column + column - 1 };
}

function findPlace(error: ServerError, sent: SentSql): Place {
  const { source, text, prefixLength, prefixStatements } = sent;
  if (error.position !== undefined && !error.internalQuery) {
    const position = Number(error.position) - prefixLength;
    if (position >= 1 && position <= text.length + 1) {
      return placeOf(text, position, source.file, source.line);
    }
  }
  const row = placeOfRow(error, sent);
  if (row) return row;
  const done = completedOf(error);
  if (done === undefined) return { file: source.file };
  return placeOfStatement(sent, done - prefixStatements);
}

/**
 * The line of COPY data that the server names in its context, in whatever language:
 * `COPY t, line 3, column n: "x"`. The column of the file is where that value stands.
 */
function placeOfRow({ where }: ServerError, { copy, source, text }: SentSql): Place | undefined {
  const said = copy && /^COPY .+?, \D*(\d+)(?:.*?"(.*)")?/m.exec(where ?? '');
  if (!copy || !said) return undefined;
  const number = Number(said[1]);
  const row = copy.row(number);
  const at = said[2] ? row.indexOf(said[2]) : -1;
  return {
    file: source.file,
    line: copy.line + number - 1,
    column: Math.max(at, 0) + 1,
    statement: shorten(text),
  };
}

/** Place of the statement of that index; only the file when it is not one of the file's. */
function placeOfStatement({ source, text }: SentSql, index: number): Place {
  if (index < 0) return { file: source.file };
  try {
    const statement = splitStatements(text, { line: source.line })[index];
    if (!statement) return { file: source.file };
    return {
      file: source.file,
      line: statement.line,
      column: statement.column,
      statement: shorten(statement.text),
    };
  } catch {
    return { file: source.file };
  }
}

export function shorten(statement: string): string {
  const text = statement.trim();
  return text.length <= LONGEST_STATEMENT ? text : `${text.slice(0, LONGEST_STATEMENT - 1)}…`;
}

/** What runs only outside a transaction block, as only the server could know. */
export function refusesTransaction(thrown: unknown): boolean {
  const cause = thrown instanceof GodwitError ? thrown.cause : thrown;
  return ['25001', '2D000'].includes(sqlState(cause) ?? '');
}

/** 57014 for a cancel; a statement time-out has the same code and another message. */
export function isCancelled(thrown: unknown): boolean {
  const cause = thrown instanceof GodwitError ? thrown.cause : thrown;
  return sqlState(cause) === '57014' && !/timeout/i.test((cause as Error).message);
}

/** A lock that was not got in time, or a deadlock: the same work may succeed later. */
export function isRetryable(thrown: unknown): boolean {
  const cause = thrown instanceof GodwitError ? thrown.cause : thrown;
  return ['55P03', '40P01', '40001'].includes(sqlState(cause) ?? '');
}

export function asFailure(thrown: unknown): GodwitError {
  return isServerError(thrown)
    ? sqlError(thrown, undefined)
    : toGodwitError(thrown, 'GODWIT_MIGRATION_FAILED');
}
