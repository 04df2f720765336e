import {
  classOf,
  DIGIT,
  OPERATOR,
  SPACE,
  scanBlockComment,
  scanDollarTag,
  scanEscaped,
  scanLine,
  scanNumber,
  scanOperator,
  scanQuoted,
  scanSpace,
  scanWord,
  WORD,
} from './sql-scan.ts';

export type SqlTokenKind =
  | 'space'
  | 'comment'
  | 'word'
  /** `"…"`, also `U&"…"`. */
  | 'quoted'
  /** `'…'` with its prefix, if any: E, B, X, N, U&. */
  | 'string'
  /** `$tag$…$tag$`. */
  | 'dollar'
  | 'number'
  | 'operator'
  | 'punct'
  /** A `;` that ends a statement. */
  | 'semicolon'
  /** `${name}`, which is godwit's. */
  | 'variable'
  /** A backslash and the rest of its line: psql's, not SQL. */
  | 'meta'
  /** Behind `COPY … FROM stdin;`: anything on the same line that is not blank. */
  | 'junk'
  /** The lines of data, without the line that ends them. */
  | 'copyData'
  /** The line `\.`. */
  | 'copyEnd'
  | 'end';

const VARIABLE = /\$\{[A-Za-z_][\w.-]*\}/y;

/**
 * Reads PostgreSQL's SQL token by token. `kind`, `start` and `end` describe the current
 * token; nothing is allocated, because files may have 50 MB. Tokens cover the text
 * without a gap.
 */
export class SqlLexer {
  readonly text: string;
  kind: SqlTokenKind = 'end';
  start = 0;
  end = 0;
  /** True while `standard_conforming_strings` is off: then `'…'` has backslash escapes. */
  backslashEscapes = false;
  /** An escape string ended, and only blanks and line comments since: it may go on. */
  #continuable = false;
  #lineBreak = false;

  constructor(text: string) {
    this.text = text;
  }

  /** Moves to the next token; false at the end of the text. */
  next(): boolean {
    const { text, end: at } = this;
    this.start = at;
    if (at >= text.length) {
      this.kind = 'end';
      return false;
    }
    const code = text.charCodeAt(at);
    switch (classOf(code)) {
      case SPACE:
        this.take('space', scanSpace(text, at));
        if (this.#continuable) this.#lineBreak ||= /[\r\n]/.test(text.slice(at, this.end));
        return true;
      case WORD:
        return this.#word(code, at);
      case DIGIT:
        return this.take('number', scanNumber(text, at));
      case OPERATOR:
        return this.#operator(code, at);
      default:
        return this.#other(code, at);
    }
  }

  /** Makes the text up to `end` the current token. */
  protected take(kind: SqlTokenKind, end: number): true {
    this.kind = kind;
    this.end = end;
    if (kind !== 'space' && kind !== 'comment') this.#continuable = false;
    return true;
  }

  #word(code: number, at: number): true {
    const { text } = this;
    if (code === 0xfeff && at === 0) return this.take('space', 1);
    const next = text.charCodeAt(at + 1);
    if (next === 39) {
      if (code === 69 || code === 101) return this.#escapeString(at + 1);
      if (code < 128 && 'bBxXnN'.includes(text[at] as string)) return this.#string(at + 1);
    } else if (next === 38 && (code === 85 || code === 117)) {
      const quote = text.charCodeAt(at + 2);
      if (quote === 39) return this.take('string', scanQuoted(text, at + 2));
      if (quote === 34) return this.take('quoted', scanQuoted(text, at + 2));
    }
    return this.take('word', scanWord(text, at));
  }

  #string(quote: number): true {
    if (this.backslashEscapes) return this.#escapeString(quote);
    return this.take('string', scanQuoted(this.text, quote));
  }

  #escapeString(quote: number): true {
    this.take('string', scanEscaped(this.text, quote));
    this.#continuable = true;
    this.#lineBreak = false;
    return true;
  }

  #operator(code: number, at: number): true {
    const { text } = this;
    const next = text.charCodeAt(at + 1);
    if (code === 45 && next === 45) return this.take('comment', scanLine(text, at));
    if (code === 47 && next === 42) {
      this.take('comment', scanBlockComment(text, at));
      this.#continuable = false;
      return true;
    }
    return this.take('operator', scanOperator(text, at));
  }

  #other(code: number, at: number): true {
    const { text } = this;
    const next = text.charCodeAt(at + 1);
    switch (code) {
      case 39: // '
        // `E'a'`, line break, `'b'` is one string, and the second part escapes too.
        if (this.#continuable && this.#lineBreak) return this.#escapeString(at);
        return this.#string(at);
      case 34: // "
        return this.take('quoted', scanQuoted(text, at));
      case 36: // $
        return this.#dollar(at);
      case 46: // .
        if (classOf(next) === DIGIT) return this.take('number', scanNumber(text, at));
        return this.take('punct', next === 46 ? at + 2 : at + 1);
      case 58: // :
        return this.take('punct', next === 58 || next === 61 ? at + 2 : at + 1);
      case 59: // ;
        return this.take('semicolon', at + 1);
      case 92: // \
        return this.take('meta', scanLine(text, at));
      default:
        return this.take('punct', at + 1);
    }
  }

  #dollar(at: number): true {
    const { text } = this;
    const body = scanDollarTag(text, at);
    if (body > at) {
      const close = text.indexOf(text.slice(at, body), body);
      return this.take('dollar', close < 0 ? text.length : close + body - at);
    }
    if (classOf(text.charCodeAt(at + 1)) === DIGIT) {
      return this.take('number', scanNumber(text, at + 1));
    }
    VARIABLE.lastIndex = at;
    if (VARIABLE.test(text)) return this.take('variable', VARIABLE.lastIndex);
    return this.take('punct', at + 1);
  }
}
