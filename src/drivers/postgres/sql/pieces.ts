import type { SqlInput } from '../../../core/text/long-sql.ts';
import type { SqlPart, SqlParts } from '../../../ports/sql-part.ts';
import { type Range, StatementScan } from './split.ts';
import type { TextPlace } from './statement.ts';

/** Part of a file that is sent as one message, or behind something in one. */
export interface Piece {
  readonly text: string;
  readonly copyData?: string | undefined;
  /** Of a long file in place of `copyData`: to be read once, before the next piece is. */
  readonly copyParts?: Iterable<string> | undefined;
  /** Line of the file on which the COPY data begins. */
  readonly copyLine?: number | undefined;
  /** Line of the file on which it begins. */
  readonly line: number;
  /** Column of that line, when it is a part of the file. */
  readonly column?: number | undefined;
}

/**
 * Bound of one message, in characters: the server parses a message as a whole, at about ten
 * times its size, before it runs the first statement of it.
 */
export const MOST_CHARACTERS = 256 * 1024;

export interface PieceOptions extends TextPlace {
  /** Statements by their offset that are not sent: the BEGIN and COMMIT around a file. */
  readonly without?: readonly number[] | undefined;
  /** Each statement by itself: what one sets decides how the next is read. */
  readonly single?: boolean | undefined;
}

/**
 * Cuts a file into messages of bounded length, read as they are asked for: nothing of a
 * long file is held but its text, and of one in parts not even that. A COPY with its data
 * is a piece of its own.
 */
export function* cutPieces(input: SqlInput, options: PieceOptions = {}): Generator<Piece, void> {
  const scan = new StatementScan(input, options);
  const without = new Set(options.without);
  const most = options.single ? 0 : MOST_CHARACTERS;
  let open: OpenPiece | undefined;
  const close = (): Piece[] => {
    if (!open) return [];
    const { part, line, column, start, end } = open;
    open = undefined;
    return [{ text: blank(part, start, end, scan.dropped), line, column }];
  };
  for (const statement of scan.statements()) {
    const { offset, end, line, column } = statement;
    if (without.has(offset)) {
      yield* close();
    } else if (isCopy(statement)) {
      yield* close();
      const { text, copyData, copyParts, copyLine } = statement;
      yield { text, copyData, copyParts, copyLine, line, column };
    } else {
      const { part } = scan;
      if (open && (open.part !== part || end - open.start > most)) yield* close();
      open ??= { part, line, column, start: offset, end };
      open.end = end;
    }
  }
  yield* close();
}

interface OpenPiece {
  readonly part: SqlPart;
  readonly line: number;
  readonly column: number;
  readonly start: number;
  end: number;
}

/** Whether it has data, which need the copy protocol. */
export function isCopy({ copyData, copyParts }: Pick<Piece, 'copyData' | 'copyParts'>): boolean {
  return copyData !== undefined || copyParts !== undefined;
}

/** Parts of a text in which nothing has to be blank as they are. */
export function* piecesOf(parts: SqlParts, { line = 1 }: TextPlace): Generator<Piece, void> {
  for (const part of parts()) {
    yield { text: part.text, line: line + part.line - 1, column: part.column };
  }
}

/** The range of the text, of the same length, without what must not be sent. */
export function blank(
  { text, offset }: Pick<SqlPart, 'text' | 'offset'>,
  from: number,
  to: number,
  ranges: readonly Range[],
): string {
  let sent = text.slice(from - offset, to - offset);
  for (const [start, end] of ranges) {
    if (end <= from || start >= to) continue;
    const [a, b] = [Math.max(start, from) - from, Math.min(end, to) - from];
    const gap = sent.slice(a, b).replace(/[^\r\n]/gu, ' ');
    sent = sent.slice(0, a) + gap + sent.slice(b);
  }
  return sent;
}
