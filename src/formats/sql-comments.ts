import { SqlReader } from '../core/text/sql-reader.ts';

/** A `--` comment that PostgreSQL would see as one: not inside a literal or a body. */
export interface SqlComment {
  /** Without the dashes, trimmed. */
  readonly text: string;
  readonly start: number;
  /** Offset of the first character of the next line. */
  readonly next: number;
  /** From 1. */
  readonly line: number;
  /** Nothing but white space stands before it on its line. */
  readonly alone: boolean;
  /** Tokens of SQL before it, from the beginning of the file. */
  readonly tokensBefore: number;
}

export interface SqlScan {
  readonly comments: readonly SqlComment[];
  /** Tokens of SQL in the file; semicolons do not count. */
  readonly tokens: number;
}

/** Finds the line comments and counts tokens, in one pass. */
export function scanSql(text: string): SqlScan {
  const reader = new SqlReader(text);
  const comments: SqlComment[] = [];
  let tokens = 0;
  let line = 1;
  let counted = 0;
  while (reader.next()) {
    if (isToken(reader)) tokens++;
    if (reader.kind !== 'comment' || !text.startsWith('--', reader.start)) continue;
    line += countLines(text, counted, reader.start);
    counted = reader.start;
    comments.push(lineComment(text, reader, line, tokens));
  }
  return { comments, tokens };
}

function isToken({ kind }: SqlReader): boolean {
  return kind !== 'space' && kind !== 'comment' && kind !== 'semicolon';
}

function lineComment(
  text: string,
  { start, end }: SqlReader,
  line: number,
  tokensBefore: number,
): SqlComment {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', end - 1);
  return {
    text: text.slice(start + 2, end).trim(),
    start,
    next: lineEnd < 0 ? text.length : lineEnd + 1,
    line,
    alone: start === 0 || text.slice(lineStart, start).trim() === '',
    tokensBefore,
  };
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let i = text.indexOf('\n', from); i >= 0 && i < to; i = text.indexOf('\n', i + 1)) lines++;
  return lines;
}
