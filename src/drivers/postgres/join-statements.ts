import { type AnalysedStatement, isCopy, MOST_CHARACTERS, type Piece } from './sql/index.ts';

export interface JoinedPiece extends Piece {
  readonly members: readonly AnalysedStatement[];
}

/**
 * Statements of one transaction as few messages of bounded length, each read when it is
 * asked for. In a message they stand on the lines and at the columns of the file, so that
 * the server's positions are the file's.
 */
export function* joinStatements(
  statements: Iterable<AnalysedStatement>,
): Generator<JoinedPiece, void> {
  let members: AnalysedStatement[] = [];
  for (const statement of statements) {
    const [begin] = members;
    const end = statement.offset + statement.text.length;
    if (begin && (isCopy(statement) || end - begin.offset > MOST_CHARACTERS)) {
      yield join(members);
      members = [];
    }
    if (isCopy(statement)) yield join([statement]);
    else members.push(statement);
  }
  if (members.length > 0) yield join(members);
}

function join(members: readonly AnalysedStatement[]): JoinedPiece {
  const [begin] = members as [AnalysedStatement];
  const parts: string[] = [];
  let previous: AnalysedStatement | undefined;
  for (const statement of members) {
    if (previous) parts.push(';', gap(previous, statement));
    parts.push(statement.text);
    previous = statement;
  }
  const { line, column, copyData, copyParts, copyLine } = begin;
  return { text: parts.join(''), line, column, members, copyData, copyParts, copyLine };
}

/** White space that takes as many lines as what stood there, and leads to the same column. */
function gap(previous: AnalysedStatement, next: AnalysedStatement): string {
  const lines = next.line - previous.line - countLineBreaks(previous.text);
  if (lines > 0) return `${'\n'.repeat(lines)}${' '.repeat(next.column - 1)}`;
  return ' '.repeat(Math.max(0, next.offset - previous.offset - previous.text.length - 1));
}

function countLineBreaks(text: string): number {
  let count = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}
