import { type AnalysedStatement, MOST_CHARACTERS, type Piece } from './sql/index.ts';

export interface JoinedPiece extends Piece {
  /** Which of the statements it begins with. */
  readonly first: number;
}

/**
 * Statements of one transaction as few messages of bounded length. In a message they stand
 * on the lines and at the columns of the file, so that the server's positions are the file's.
 */
export function joinStatements(statements: readonly AnalysedStatement[]): JoinedPiece[] {
  const pieces: JoinedPiece[] = [];
  let first = 0;
  for (let i = 0; i < statements.length; i++) {
    const begin = statements[first] as AnalysedStatement;
    const next = statements[i + 1];
    const full = next && next.offset + next.text.length - begin.offset > MOST_CHARACTERS;
    if (!next || full || isCopy(begin) || isCopy(next)) {
      pieces.push(join(statements.slice(first, i + 1), first));
      first = i + 1;
    }
  }
  return pieces;
}

function isCopy({ copyData }: AnalysedStatement): boolean {
  return copyData !== undefined;
}

function join(members: readonly AnalysedStatement[], first: number): JoinedPiece {
  const [begin] = members as [AnalysedStatement];
  const parts: string[] = [];
  let previous: AnalysedStatement | undefined;
  for (const statement of members) {
    if (previous) parts.push(';', gap(previous, statement));
    parts.push(statement.text);
    previous = statement;
  }
  const { line, column, copyData, copyLine } = begin;
  return {
    text: parts.join(''),
    line,
    column,
    first,
    ...(copyData !== undefined && { copyData, copyLine }),
  };
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
