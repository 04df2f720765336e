import { type Range, StatementScan } from './split.ts';
import type { TextPlace } from './statement.ts';

/** Part of a file that is sent as one message, or behind something in one. */
export interface Piece {
  readonly text: string;
  readonly copyData?: string | undefined;
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
 * long file is held but its text. A COPY with its data is a piece of its own.
 */
export function* cutPieces(text: string, options: PieceOptions = {}): Generator<Piece, void> {
  const scan = new StatementScan(text, options);
  const without = new Set(options.without);
  const most = options.single ? 0 : MOST_CHARACTERS;
  let open: { line: number; column: number; start: number; end: number } | undefined;
  const close = (): Piece[] => {
    if (!open) return [];
    const { line, column, start, end } = open;
    open = undefined;
    return [{ text: blank(text, start, end, scan.dropped), line, column }];
  };
  for (const statement of scan.statements()) {
    const { offset, end, line, column, copyData, copyLine } = statement;
    if (without.has(offset)) {
      yield* close();
    } else if (copyData !== undefined) {
      yield* close();
      yield { text: statement.text, copyData, copyLine, line, column };
    } else {
      if (open && end - open.start > most) yield* close();
      open ??= { line, column, start: offset, end };
      open.end = end;
    }
  }
  yield* close();
}

/** The part of the text, of the same length, without what must not be sent. */
export function blank(text: string, from: number, to: number, ranges: readonly Range[]): string {
  let sent = text.slice(from, to);
  for (const [start, end] of ranges) {
    if (end <= from || start >= to) continue;
    const [a, b] = [Math.max(start, from) - from, Math.min(end, to) - from];
    const gap = sent.slice(a, b).replace(/[^\r\n]/gu, ' ');
    sent = sent.slice(0, a) + gap + sent.slice(b);
  }
  return sent;
}
