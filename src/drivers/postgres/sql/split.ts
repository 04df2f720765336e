import type { SqlInput } from '../../../core/text/long-sql.ts';
import { wholePart } from '../../../core/text/sql-cut.ts';
import { SqlReader } from '../../../core/text/sql-reader.ts';
import { GodwitError } from '../../../errors.ts';
import type { SqlPart } from '../../../ports/sql-part.ts';
import { LineCounter } from './line-counter.ts';
import type { ReadStatement, Statement, TextPlace } from './statement.ts';

/**
 * Splits SQL into its statements in one linear pass, without a parser: dollar quotes,
 * nested comments, escape strings and `BEGIN ATOMIC` bodies are understood. The lines
 * `\restrict` and `\unrestrict`, which pg_dump writes, are dropped.
 *
 * @param text SQL; a byte order mark at the beginning is skipped
 * @param at where the text stands in its file
 * @returns the statements in order; none for a file of comments
 * @throws GodwitError GODWIT_FILE_INVALID for psql's other meta-commands
 * @example
 * splitStatements('create table a (); select 1').map((s) => s.text);
 * // ['create table a ()', 'select 1']
 */
export function splitStatements(text: string, at: TextPlace = {}): Statement[] {
  return readStatements(text, at).statements.map(
    ({ words: _, end: __, copyLine: ___, copyParts: ____, ...statement }) => statement,
  );
}

export interface ReadResult {
  readonly statements: ReadStatement[];
  /** Parts of the text that must not be sent: `[start, end)`. */
  readonly dropped: readonly Range[];
  /** The file switches `standard_conforming_strings` off. */
  readonly switchesEscapes: boolean;
}

export type Range = readonly [start: number, end: number];

export function readStatements(text: string, at: TextPlace): ReadResult {
  const scan = new StatementScan(text, at);
  const statements = [...scan.statements()];
  const { dropped, switchesEscapes } = scan;
  return { statements, dropped, switchesEscapes };
}

/**
 * One pass over a text that gives its statements one by one and keeps none of them: a file
 * of 50 MB may hold half a million.
 */
export class StatementScan {
  /** Ranges of the text found so far that must not be sent. */
  readonly dropped: Range[] = [];
  /** The part that the current statement is in. */
  part: SqlPart = wholePart('');
  /** So far: the file switches `standard_conforming_strings` off. */
  switchesEscapes = false;
  readonly #input: SqlInput;
  readonly #at: TextPlace;
  #parts: Iterator<SqlPart> = [][Symbol.iterator]();
  #ahead: SqlPart | undefined;

  constructor(input: SqlInput, at: TextPlace) {
    this.#input = input;
    this.#at = at;
  }

  /** @throws GodwitError GODWIT_FILE_INVALID when it comes to what only psql understands */
  *statements(): Generator<ReadStatement, void> {
    const input = this.#input;
    const parts = typeof input === 'string' ? [wholePart(input)] : input();
    this.#parts = parts[Symbol.iterator]();
    try {
      for (let part = this.#take(); part; part = this.#take()) {
        // What of its data a COPY has left unread.
        if (part.kind === 'data') continue;
        this.part = part;
        if (part.offset === 0 && part.text.startsWith('\ufeff')) this.dropped.push([0, 1]);
        yield* this.#statementsOf(part);
      }
    } finally {
      this.#parts.return?.();
    }
  }

  *#statementsOf(part: SqlPart): Generator<ReadStatement, void> {
    const { text, offset } = part;
    const reader = new SqlReader(text, part.state);
    const lines = new LineCounter(text, (this.#at.line ?? 1) + part.line - 1, part.column);
    const read: PartRead = { part, reader, lines };
    let start = -1;
    let end = -1;
    /** Waits for the data behind it. */
    let copy: ReadStatement | undefined;
    while (reader.next()) {
      switch (reader.kind) {
        case 'space':
        case 'comment':
        case 'copyEnd':
          break;
        case 'semicolon': {
          if (start < 0) break;
          const statement = statementAt(read, start, end, reader.end);
          start = -1;
          if (reader.readsStdinNext) copy = statement;
          else yield statement;
          break;
        }
        case 'copyData':
          if (copy) yield this.#withData(copy, read);
          copy = undefined;
          break;
        case 'junk':
          throw textAfterCopy(lines, this.#at, reader.start);
        case 'meta':
          if (start >= 0 || !isRestrict(text, reader.start)) {
            throw metaCommand(reader, lines, this.#at);
          }
          this.dropped.push([offset + reader.start, offset + reader.end]);
          break;
        default:
          if (start < 0) start = reader.start;
          end = reader.end;
      }
      this.switchesEscapes ||= reader.switchesEscapes;
    }
    const stdin = reader.readsStdin;
    const last = copy ?? (start < 0 ? undefined : statementAt(read, start, end, text.length));
    if (last) yield copy || stdin ? withText(last, read, '') : last;
  }

  #withData(statement: ReadStatement, read: PartRead): ReadStatement {
    const { part, reader, lines } = read;
    if (part.kind !== 'copy') {
      return withText(statement, read, part.text.slice(reader.start, reader.end));
    }
    return {
      ...statement,
      copyParts: this.#data(),
      copyLine: lines.at(reader.start).line,
      end: part.offset + part.text.length,
    };
  }

  *#data(): Generator<string, void> {
    for (;;) {
      this.#ahead ??= this.#take();
      if (this.#ahead?.kind !== 'data') return;
      const { text } = this.#ahead;
      this.#ahead = undefined;
      yield text;
    }
  }

  #take(): SqlPart | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead) return ahead;
    const { done, value } = this.#parts.next();
    return done ? undefined : value;
  }
}

/** Where in its part a scan is. */
interface PartRead {
  readonly part: SqlPart;
  readonly reader: SqlReader;
  readonly lines: LineCounter;
}

function statementAt(read: PartRead, start: number, end: number, behind: number): ReadStatement {
  const { part, reader, lines } = read;
  return {
    text: part.text.slice(start, end),
    offset: part.offset + start,
    ...lines.at(start),
    words: reader.words,
    end: part.offset + behind,
  };
}

function withText(
  statement: ReadStatement,
  { part, reader, lines }: PartRead,
  copyData: string,
): ReadStatement {
  const end = part.offset + reader.end;
  return { ...statement, copyData, copyLine: lines.at(reader.start).line, end };
}

/** pg_dump frames its output with these since the summer of 2025. */
function isRestrict(text: string, at: number): boolean {
  return /^\\(un)?restrict\b/.test(text.slice(at, at + 12));
}

function metaCommand(reader: SqlReader, lines: LineCounter, at: TextPlace): GodwitError {
  const command = reader.text.slice(reader.start, reader.end).trim();
  const name = (/^\\(?:\w+|\S?)/.exec(command)?.[0] ?? '\\').slice(0, 40);
  return new GodwitError(
    'GODWIT_FILE_INVALID',
    `${name} is a command of psql, not SQL: only psql can run it.`,
    {
      where: {
        ...(at.file !== undefined && { file: at.file }),
        ...lines.at(reader.start),
        statement: command.slice(0, 500),
      },
      next: ['Replace it by SQL, or put the SQL that it would load into this file.'],
    },
  );
}

function textAfterCopy(lines: LineCounter, at: TextPlace, offset: number): GodwitError {
  return new GodwitError(
    'GODWIT_FILE_INVALID',
    'Behind COPY … FROM stdin; the data must begin on the next line.',
    {
      where: { ...(at.file !== undefined && { file: at.file }), ...lines.at(offset) },
      next: ['Move what stands behind the semicolon to a line after the data.'],
    },
  );
}
