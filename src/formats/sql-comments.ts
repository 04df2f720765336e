import { detach } from '../core/text/long-sql.ts';
import { SqlReader } from '../core/text/sql-reader.ts';
import type { SqlPart } from '../ports/sql-part.ts';

/** A `--` comment that PostgreSQL would see as one: not inside a literal or a body. */
export interface SqlComment {
  /** Without the dashes, trimmed. */
  readonly text: string;
  /** Offset of the first character of its line. */
  readonly lineStart: number;
  /** Offset of the first character of the next line. */
  readonly next: number;
  /** From 1. */
  readonly line: number;
  /** Nothing but white space stands before it on its line. */
  readonly alone: boolean;
  /** Tokens of SQL before it that were counted. */
  readonly tokensBefore: number;
}

export interface SqlScan {
  /** Those that may say something to godwit: a file may have a million others. */
  readonly comments: readonly SqlComment[];
  /** At least one if there are any in the file, and more behind each comment with some. */
  readonly tokens: number;
  /** Characters of the file. */
  readonly length: number;
}

const TELLING = /--[^\S\r\n]*(?:godwit|description|author|replaces)\s*:/i;

/**
 * Finds the line comments and counts tokens, in one pass. Where nothing looks like such a
 * comment it is only asked whether there is a token; semicolons do not count.
 */
export function scanSql(parts: Iterable<SqlPart>): SqlScan {
  const comments: SqlComment[] = [];
  let tokens = 0;
  let length = 0;
  for (const part of parts) {
    length = part.offset + part.text.length;
    if (part.kind === 'data') continue;
    const { text } = part;
    const says = TELLING.test(text);
    const reader = new SqlReader(text, part.state);
    let { line } = part;
    let counted = 0;
    while (reader.next()) {
      if (isToken(reader)) {
        tokens++;
        if (!says) break;
      }
      if (reader.kind !== 'comment' || !isTelling(reader)) continue;
      line += countLines(text, counted, reader.start);
      counted = reader.start;
      comments.push(lineComment(part, reader, line, tokens));
    }
  }
  return { comments, tokens, length };
}

function isToken({ kind }: SqlReader): boolean {
  return kind !== 'space' && kind !== 'comment' && kind !== 'semicolon';
}

function isTelling({ text, start, end }: SqlReader): boolean {
  return text.startsWith('--', start) && TELLING.exec(text.slice(start, end))?.index === 0;
}

function lineComment(
  { text, offset, column }: SqlPart,
  { start, end }: SqlReader,
  line: number,
  tokensBefore: number,
): SqlComment {
  const lineBreak = text.lastIndexOf('\n', start - 1);
  const lineStart = lineBreak + 1;
  const lineEnd = text.startsWith('\r\n', end) ? end + 2 : Math.min(end + 1, text.length);
  // What stands before a part on the same line ends a statement.
  const beginsLine = (start > 0 && lineBreak >= 0) || column === 1;
  return {
    text: detach(text.slice(start + 2, end).trim()),
    lineStart: offset + lineStart,
    next: offset + lineEnd,
    line,
    alone: beginsLine && text.slice(lineStart, start).trim() === '',
    tokensBefore,
  };
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let i = text.indexOf('\n', from); i >= 0 && i < to; i = text.indexOf('\n', i + 1)) lines++;
  return lines;
}
