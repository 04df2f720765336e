import { lineOf, lineOfParts } from '../../core/text/long-sql.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { SimpleOptions, SimpleResult } from './connection.ts';
import { type SentSql, sqlError } from './errors.ts';
import type { Piece } from './prepare-sql.ts';
import { isCopy } from './sql/index.ts';
import type { Workplace } from './workplace.ts';

/** Rows of a user's statement that are kept: enough for a sample. */
const SAMPLE = 10;

export interface Message {
  /** Statements of godwit's own, to be sent before. */
  readonly before: readonly string[];
  readonly piece: Piece;
  readonly source: SqlText;
  /** Statements of godwit's own, to be sent behind. A function is asked when their turn comes. */
  readonly after: readonly string[] | (() => readonly string[]);
}

/**
 * Sends a part of a file and what belongs around it as one message.
 *
 * @returns results of the file's statements and of those behind it
 * @throws GodwitError that points into the file
 */
export async function send(
  place: Workplace,
  { before, piece, source, after }: Message,
): Promise<{ own: SimpleResult[]; after: SimpleResult[] }> {
  if (isCopy(piece)) {
    // A message with COPY data has nothing else in it: not every client could send that.
    await sendOwn(place, before);
    const own = await sendMessage(place, source, piece, [], []);
    return { own, after: await sendOwn(place, listOf(after)) };
  }
  const behind = listOf(after);
  const results = await sendMessage(place, source, piece, before, behind);
  const end = results.length - behind.length;
  return { own: results.slice(before.length, end), after: results.slice(end) };
}

function listOf(statements: Message['after']): readonly string[] {
  return typeof statements === 'function' ? statements() : statements;
}

async function sendMessage(
  { connection }: Workplace,
  source: SqlText,
  piece: Piece,
  before: readonly string[],
  after: readonly string[],
): Promise<SimpleResult[]> {
  const prefix = before.map((statement) => `${statement};`).join('');
  // The line break ends a comment on the last line, the semicolon its statement.
  const suffix = after.length > 0 ? `\n;${after.join(';')}` : '';
  try {
    return await connection.simple(`${prefix}${piece.text}${suffix}`, {
      keepRows: SAMPLE,
      ...dataOf(piece),
    });
  } catch (error) {
    throw sqlError(error, {
      source: { file: source.file, line: piece.line },
      text: piece.text,
      column: piece.column ?? 1,
      copy: copyOf(source, piece),
      prefixLength: [...prefix].length,
      prefixStatements: before.length,
    });
  }
}

function dataOf({ copyData, copyParts }: Piece): SimpleOptions {
  if (copyData !== undefined) return { copyData };
  return copyParts === undefined ? {} : { copySource: encoded(copyParts) };
}

function* encoded(parts: Iterable<string>): Generator<Uint8Array, void> {
  for (const part of parts) yield Buffer.from(part, 'utf8');
}

/** Of a long file the row is read once more. */
function copyOf(source: SqlText, piece: Piece): SentSql['copy'] {
  if (!isCopy(piece)) return undefined;
  const { copyData, line } = piece;
  const copyLine = piece.copyLine ?? line;
  const { parts } = source;
  if (copyData !== undefined || !parts) {
    return { line: copyLine, row: (number) => lineOf(copyData ?? '', number) };
  }
  return {
    line: copyLine,
    row: (number) => lineOfParts(parts, copyLine - source.line + number),
  };
}

/** Sends statements of godwit's own as one message. */
export async function sendOwn(
  { connection }: Workplace,
  statements: readonly string[],
): Promise<SimpleResult[]> {
  if (statements.length === 0) return [];
  return connection.simple(statements.join(';'));
}
