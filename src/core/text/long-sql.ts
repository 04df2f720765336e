import type { SqlText } from '../../ports/migration.ts';
import type { SqlPart, SqlParts } from '../../ports/sql-part.ts';

/** SQL as those read it who can do with parts of it: held whole, or read on demand. */
export type SqlInput = string | SqlParts;

export function inputOf(sql: SqlText): SqlInput {
  return sql.parts ?? sql.text;
}

/** What `expression` finds first, in one statement or with what stands around it. */
export function findMatch(sql: SqlText, expression: RegExp): RegExpExecArray | null {
  if (!sql.parts) return expression.exec(sql.text);
  for (const { text } of sql.parts()) {
    const found = expression.exec(text);
    if (found) return found;
  }
  return null;
}

export function hasMatch(sql: SqlText, expression: RegExp): boolean {
  return findMatch(sql, expression) !== null;
}

/** A text that is not held, which a file is, or what variables make of one. */
export interface LongText {
  /**
   * The parts of a range, at each call anew, or of all.
   *
   * @param from offset of the first character, from 0
   * @param to offset behind the last
   */
  parts(from?: number, to?: number): Iterable<SqlPart>;
  text(from?: number, to?: number): string;
}

/** Text and parts of a range of a long text, read when they are asked for. */
export function longSql(
  long: LongText,
  from?: number,
  to?: number,
): Pick<SqlText, 'text' | 'parts'> {
  return {
    get text() {
      return long.text(from, to);
    },
    parts: () => long.parts(from, to),
  };
}

/** A line by its number from 1, without what ends it; empty when there is none. */
export function lineOf(text: string, number: number): string {
  let start = 0;
  for (let i = 1; i < number; i++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return '';
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end);
}

/** The same of a long text, as far as it is in one part. */
export function lineOfParts(parts: SqlParts, number: number): string {
  let part: SqlPart | undefined;
  for (const next of parts()) {
    if (part && next.line > number) break;
    part = next;
  }
  return part ? lineOf(part.text, number - part.line + 1) : '';
}

/** A text of its own: a part of a string keeps all of that in memory. */
export function detach(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
