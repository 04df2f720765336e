import type { Place } from '../../../errors.ts';
import { readStatements } from './split.ts';

const LONGEST_STATEMENT = 500;

/**
 * Where in a file an error is that the server reported.
 *
 * @param text the SQL that was sent
 * @param position PostgreSQL's: in characters (code points) from 1
 * @param file name of the file, for the answer
 * @param firstLine line of the file on which `text` begins, from 1
 * @example
 * placeOf('select 1;\nselec 2', 11, 'a.sql', 1);
 * // { file: 'a.sql', line: 2, column: 1, statement: 'selec 2' }
 */
export function placeOf(text: string, position: number, file: string, firstLine: number): Place {
  const offset = offsetOf(text, position);
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const mark = lineStart === 0 && before.charCodeAt(0) === 0xfeff ? 1 : 0;
  const statement = statementAt(text, offset);
  return {
    file,
    line: firstLine + countLineBreaks(before),
    column: offset - lineStart - mark + 1,
    ...(statement !== undefined && { statement: shorten(statement) }),
  };
}

/** Shortens a statement for an error message to at most 500 characters. */
export function shorten(statement: string): string {
  if (statement.length <= LONGEST_STATEMENT) return statement;
  const cut = statement.slice(0, LONGEST_STATEMENT - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** UTF-16 offset of a code point, which is what the server counts. */
function offsetOf(text: string, position: number): number {
  let offset = 0;
  for (let left = position - 1; left > 0 && offset < text.length; left--) {
    offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1;
  }
  return offset;
}

function countLineBreaks(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

function statementAt(text: string, offset: number): string | undefined {
  try {
    const { statements } = readStatements(text, {});
    return (
      statements.findLast((statement) => statement.offset <= offset)?.text ?? statements[0]?.text
    );
  } catch {
    // The text holds what only psql understands; the line is still right.
    return undefined;
  }
}
