import { SqlReader } from '../../../core/text/sql-reader.ts';
import { GodwitError } from '../../../errors.ts';
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
    ({ words: _, end: __, copyLine: ___, ...statement }) => statement,
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
  /** Parts found so far that must not be sent. */
  readonly dropped: Range[];
  readonly #at: TextPlace;
  readonly #reader: SqlReader;
  readonly #lines: LineCounter;

  constructor(text: string, at: TextPlace) {
    this.#at = at;
    this.#reader = new SqlReader(text);
    this.#lines = new LineCounter(text, at.line);
    this.dropped = text.startsWith('\ufeff') ? [[0, 1]] : [];
  }

  /** So far. */
  get switchesEscapes(): boolean {
    return this.#reader.switchesEscapes;
  }

  /** @throws GodwitError GODWIT_FILE_INVALID when it comes to what only psql understands */
  *statements(): Generator<ReadStatement, void> {
    const reader = this.#reader;
    const { text } = reader;
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
          const statement = this.#statement(start, end, reader.end);
          start = -1;
          if (reader.readsStdinNext) copy = statement;
          else yield statement;
          break;
        }
        case 'copyData':
          if (copy) yield this.#withData(copy, reader.start, reader.end);
          copy = undefined;
          break;
        case 'junk':
          throw textAfterCopy(this.#lines, this.#at, reader.start);
        case 'meta':
          if (start >= 0 || !isRestrict(text, reader.start)) {
            throw metaCommand(reader, this.#lines, this.#at);
          }
          this.dropped.push([reader.start, reader.end]);
          break;
        default:
          if (start < 0) start = reader.start;
          end = reader.end;
      }
    }
    const stdin = reader.readsStdin;
    const last = copy ?? (start < 0 ? undefined : this.#statement(start, end, text.length));
    if (last) yield copy || stdin ? this.#withData(last, text.length, text.length) : last;
  }

  #statement(start: number, end: number, behind: number): ReadStatement {
    const { text, words } = this.#reader;
    return {
      text: text.slice(start, end),
      offset: start,
      ...this.#lines.at(start),
      words,
      end: behind,
    };
  }

  #withData(statement: ReadStatement, from: number, end: number): ReadStatement {
    const copyData = this.#reader.text.slice(from, end);
    return { ...statement, copyData, copyLine: this.#lines.at(from).line, end };
  }
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
