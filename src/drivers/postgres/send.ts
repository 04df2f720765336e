import type { SqlText } from '../../ports/migration.ts';
import type { SimpleResult } from './connection.ts';
import { sqlError } from './errors.ts';
import type { Piece } from './prepare-sql.ts';
import type { Workplace } from './workplace.ts';

/** Rows of a user's statement that are kept: enough for a sample. */
const SAMPLE = 10;

export interface Message {
  /** Statements of godwit's own, to be sent before. */
  readonly before: readonly string[];
  readonly piece: Piece;
  readonly source: SqlText;
  /** Statements of godwit's own, to be sent behind. */
  readonly after: readonly string[];
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
  // A message with COPY data has nothing else in it: not every client could send that.
  if (piece.copyData !== undefined && before.length + after.length > 0) {
    await sendOwn(place, before);
    const { own } = await send(place, { before: [], piece, source, after: [] });
    return { own, after: await sendOwn(place, after) };
  }
  const { connection } = place;
  const prefix = before.map((statement) => `${statement};`).join('');
  // The line break ends a comment on the last line, the semicolon its statement.
  const suffix = after.length > 0 ? `\n;${after.join(';')}` : '';
  try {
    const results = await connection.simple(`${prefix}${piece.text}${suffix}`, {
      keepRows: SAMPLE,
      copyData: piece.copyData,
    });
    const end = results.length - after.length;
    return { own: results.slice(before.length, end), after: results.slice(end) };
  } catch (error) {
    throw sqlError(error, {
      source: { ...source, line: piece.line },
      text: piece.text,
      column: piece.column ?? 1,
      copy:
        piece.copyData === undefined
          ? undefined
          : { data: piece.copyData, line: piece.copyLine ?? piece.line },
      prefixLength: [...prefix].length,
      prefixStatements: before.length,
    });
  }
}

/** Sends statements of godwit's own as one message. */
export async function sendOwn(
  { connection }: Workplace,
  statements: readonly string[],
): Promise<SimpleResult[]> {
  if (statements.length === 0) return [];
  return connection.simple(statements.join(';'));
}
