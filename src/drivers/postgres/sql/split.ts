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
    ({ words: _, end: __, ...statement }) => statement,
  );
}

export interface ReadResult {
  readonly statements: ReadStatement[];
  /** Parts of the text that must not be sent: `[start, end)`. */
  readonly dropped: readonly (readonly [number, number])[];
  /** The file switches `standard_conforming_strings` off. */
  readonly switchesEscapes: boolean;
}

export function readStatements(text: string, at: TextPlace): ReadResult {
  const reader = new SqlReader(text);
  const lines = new LineCounter(text, at.line);
  const statements: ReadStatement[] = [];
  const dropped: [number, number][] = text.startsWith('\ufeff') ? [[0, 1]] : [];
  let start = -1;
  let end = -1;

  const finish = (behind: number): void => {
    if (start < 0) return;
    const place = lines.at(start);
    statements.push({
      text: text.slice(start, end),
      offset: start,
      ...place,
      words: reader.words,
      end: behind,
    });
    start = -1;
  };

  while (reader.next()) {
    switch (reader.kind) {
      case 'space':
      case 'comment':
      case 'copyEnd':
        break;
      case 'semicolon':
        finish(reader.end);
        break;
      case 'copyData':
        attachData(statements, text.slice(reader.start, reader.end), reader.end);
        break;
      case 'junk':
        throw textAfterCopy(lines, at, reader.start);
      case 'meta':
        if (start >= 0 || !isRestrict(text, reader.start)) throw metaCommand(reader, lines, at);
        dropped.push([reader.start, reader.end]);
        break;
      default:
        if (start < 0) start = reader.start;
        end = reader.end;
    }
  }
  finish(text.length);
  if (reader.readsStdin) attachData(statements, '', text.length);
  return { statements, dropped, switchesEscapes: reader.switchesEscapes };
}

function attachData(statements: ReadStatement[], copyData: string, end: number): void {
  const last = statements.pop();
  if (last) statements.push({ ...last, copyData, end });
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
