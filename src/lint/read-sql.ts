import { SqlReader } from '../core/text/sql-reader.ts';
import type { SqlText } from '../ports/migration.ts';

/** Kept per statement: a long INSERT or a function's body says no more with more of them. */
const MOST_TOKENS = 400;

export interface SqlToken {
  readonly kind: SqlReader['kind'];
  /** A word in lower case, a quoted name without its quotes, else as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface SqlStatement {
  readonly tokens: readonly SqlToken[];
  /** As written, without the `;`. */
  readonly text: string;
  /** Line of the file, from 1, and character of the line, from 1. */
  readonly line: number;
  readonly character: number;
  readonly endLine: number;
}

/** The statements of an SQL text, with their places in its file. */
export function readSql({ text, line }: Pick<SqlText, 'text' | 'line'>): SqlStatement[] {
  const reader = new SqlReader(text);
  const statements: SqlStatement[] = [];
  let tokens: SqlToken[] = [];
  let end = 0;
  let at = 0;
  let row = line;
  let rowStart = 0;
  const advance = (to: number): void => {
    for (let next = text.indexOf('\n', at); next >= 0 && next < to; ) {
      row++;
      rowStart = next + 1;
      at = rowStart;
      next = text.indexOf('\n', at);
    }
  };
  const close = (): void => {
    const [first] = tokens;
    if (first === undefined) return;
    advance(first.start);
    const place = { line: row, character: first.start - rowStart + 1 };
    advance(end);
    statements.push({ tokens, text: text.slice(first.start, end), ...place, endLine: row });
    tokens = [];
  };
  while (reader.next()) {
    const { kind, start } = reader;
    if (kind === 'semicolon') close();
    if (SKIPPED.has(kind)) continue;
    end = reader.end;
    if (tokens.length >= MOST_TOKENS) continue;
    tokens.push({ kind, text: textOf(kind, text.slice(start, end)), start, end });
  }
  close();
  return statements;
}

const SKIPPED = new Set<SqlReader['kind']>([
  'space',
  'comment',
  'semicolon',
  'meta',
  'junk',
  'copyData',
  'copyEnd',
]);

function textOf(kind: SqlReader['kind'], text: string): string {
  if (kind === 'word') return text.toLowerCase();
  if (kind === 'quoted' && text.startsWith('"')) return text.slice(1, -1).replaceAll('""', '"');
  return text;
}

/** Walks over a statement's words. */
export class SqlCursor {
  readonly #tokens: readonly SqlToken[];
  at = 0;

  constructor({ tokens }: Pick<SqlStatement, 'tokens'>) {
    this.#tokens = tokens;
  }

  /** The word here, or an empty text. */
  get word(): string {
    const token = this.#tokens[this.at];
    return token?.kind === 'word' ? token.text : '';
  }

  /** Steps over these words, one after the other, if all are here. */
  skip(words: string): boolean {
    const list = words.split(' ');
    const all = list.every((word, i) => {
      const token = this.#tokens[this.at + i];
      return token?.kind === 'word' && token.text === word;
    });
    if (all) this.at += list.length;
    return all;
  }

  /** Steps over any of these, in any order. */
  skipAny(...words: readonly string[]): void {
    while (words.some((word) => this.skip(word)));
  }

  /** A name, perhaps with a schema. */
  name(): TableName | undefined {
    const parts: string[] = [];
    for (;;) {
      const token = this.#tokens[this.at];
      if (token?.kind !== 'word' && token?.kind !== 'quoted') break;
      parts.push(token.text);
      this.at++;
      if (this.#tokens[this.at]?.text !== '.') break;
      this.at++;
    }
    const name = parts.at(-1);
    return name === undefined ? undefined : { schema: parts.at(-2), name };
  }

  /** Steps to behind the next of this word; false when there is none. */
  seek(word: string): boolean {
    const found = this.#tokens.findIndex(
      ({ kind, text }, i) => i >= this.at && kind === 'word' && text === word,
    );
    if (found < 0) return false;
    this.at = found + 1;
    return true;
  }
}

export interface TableName {
  readonly schema?: string | undefined;
  readonly name: string;
}

/** Whether these words stand somewhere in the statement, one after the other. */
export function says({ tokens }: SqlStatement, words: string): boolean {
  const list = words.split(' ');
  return tokens.some((_, at) =>
    list.every((word, i) => tokens[at + i]?.kind === 'word' && tokens[at + i]?.text === word),
  );
}
