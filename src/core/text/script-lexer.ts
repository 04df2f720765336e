import {
  classOf,
  DIGIT,
  LINE_BREAK,
  SPACE,
  scanBlockComment,
  scanLineComment,
  scanNumber,
  scanPunctuator,
  scanRegex,
  scanString,
  scanTemplate,
  scanWord,
  WORD,
} from './script-scan.ts';

export type ScriptTokenKind =
  | 'comment'
  | 'word'
  | 'number'
  | 'string'
  /** A template, or its part up to `${`, or from `}` on. */
  | 'template'
  | 'regex'
  | 'punct'
  | 'end';

/** What stands open: a head is the parenthesis of `if (…)` and its like. */
type Bracket = 'paren' | 'head' | 'square' | 'block' | 'object' | 'template';

/** Keywords behind which an expression begins, so that `/` begins a regular expression. */
const BEFORE_EXPRESSION = new Set(
  'return typeof instanceof in of new delete void throw case do else await yield default extends'.split(
    ' ',
  ),
);
const BEFORE_HEAD = new Set('if for while with switch catch await'.split(' '));
/** Keywords that cannot be the last word of a statement. */
const NEVER_LAST = new Set(
  (
    'else do try finally case const var new typeof delete void in instanceof class extends function ' +
    'import export default switch while if for with catch'
  ).split(' '),
);

/**
 * Reads JavaScript and TypeScript (without JSX) token by token. It knows templates in
 * templates and tells a regular expression from a division by what stands before it;
 * where that is not certain it takes the regular expression, which for a checksum errs
 * on the strict side. `kind`, `start`, `end` and `lineBreakBefore` describe the token.
 */
export class ScriptLexer {
  readonly text: string;
  kind: ScriptTokenKind = 'end';
  start = 0;
  end = 0;
  /** A line break between this token and the one before, comments aside. */
  lineBreakBefore = false;
  /** Whether the token before this one could be the last of a statement. */
  couldEndBefore = false;
  /** The innermost bracket open before this token, which a closing one still is. */
  inside: Bracket | undefined = undefined;
  #couldEnd = false;
  #regexAllowed = true;
  #brackets: Bracket[] = [];
  #previous = '';
  #beforePrevious = '';

  constructor(text: string) {
    this.text = text;
    if (text.startsWith('#!')) this.end = scanLineComment(text, 0);
  }

  /** Moves to the next token, comments included; false at the end. */
  next(): boolean {
    const { text } = this;
    if (this.kind !== 'comment') this.lineBreakBefore = false;
    this.couldEndBefore = this.#couldEnd;
    this.inside = this.#brackets.at(-1);
    let at = this.end;
    let kind = SPACE;
    for (; at < text.length; at++) {
      kind = classOf(text.charCodeAt(at));
      if (kind === LINE_BREAK) this.lineBreakBefore = true;
      else if (kind !== SPACE) break;
    }
    this.start = at;
    if (at >= text.length) return this.#finish();
    if (kind === WORD) return this.#word(at);
    if (kind === DIGIT) return this.#operand('number', scanNumber(text, at));
    return this.#other(text.charCodeAt(at), at);
  }

  #finish(): false {
    this.kind = 'end';
    this.end = this.start;
    return false;
  }

  #word(at: number): true {
    const { text } = this;
    this.kind = 'word';
    this.end = scanWord(text, at);
    const word = this.end - at <= 10 ? text.slice(at, this.end) : 'long';
    const property = this.#previous === '.' || this.#previous === '?.';
    this.#regexAllowed = !property && BEFORE_EXPRESSION.has(word);
    this.#couldEnd = property || !NEVER_LAST.has(word);
    this.#remember(property ? 'property' : word);
    return true;
  }

  #operand(kind: ScriptTokenKind, end: number): true {
    this.kind = kind;
    this.end = end;
    this.#regexAllowed = false;
    this.#couldEnd = true;
    this.#remember(kind === 'word' ? 'long' : kind);
    return true;
  }

  #other(code: number, at: number): true {
    const { text } = this;
    const next = text.charCodeAt(at + 1);
    switch (code) {
      case 34: // "
      case 39: // '
        return this.#operand('string', scanString(text, at));
      case 96: // `
        return this.#template(at);
      case 46: // .
        if (classOf(next) === DIGIT) return this.#operand('number', scanNumber(text, at));
        break;
      case 47: // /
        if (next === 47) return this.#comment(scanLineComment(text, at));
        if (next === 42) return this.#comment(scanBlockComment(text, at));
        if (this.#regexAllowed) {
          const end = scanRegex(text, at);
          if (end > at) return this.#operand('regex', end);
        }
        break;
      case 125: // }
        if (this.inside === 'template') {
          this.#brackets.pop();
          return this.#template(at);
        }
    }
    return this.#punctuator(at);
  }

  #comment(end: number): true {
    this.kind = 'comment';
    this.end = end;
    const { text, start } = this;
    if (!this.lineBreakBefore)
      this.lineBreakBefore = /[\n\r\u2028\u2029]/.test(text.slice(start, end));
    return true;
  }

  #template(at: number): true {
    const end = scanTemplate(this.text, at);
    this.#operand('template', end);
    if (this.text.endsWith('${', end) && !this.#isEscaped(at, end - 2)) {
      this.#brackets.push('template');
      this.#regexAllowed = true;
      this.#couldEnd = false;
      this.#remember('${');
    }
    return true;
  }

  /** A template that reaches the end of the text may end in an escaped `\${`. */
  #isEscaped(from: number, at: number): boolean {
    let backslashes = 0;
    while (at - 1 - backslashes > from && this.text[at - 1 - backslashes] === '\\') backslashes++;
    return backslashes % 2 === 1;
  }

  #punctuator(at: number): true {
    this.kind = 'punct';
    this.end = scanPunctuator(this.text, at);
    const mark = this.text.slice(at, this.end);
    switch (mark) {
      case '(':
      case '[':
      case '{':
        this.#open(mark);
        break;
      case ')':
      case ']':
      case '}':
        this.#close(mark);
        break;
      case '++':
      case '--':
        this.#regexAllowed = false;
        this.#couldEnd = true;
        break;
      case '!':
        // Behind an operand it is TypeScript's, and what follows goes on with it.
        if (this.#couldEnd && !this.#regexAllowed && !this.lineBreakBefore) break;
        this.#regexAllowed = true;
        this.#couldEnd = false;
        break;
      default:
        this.#regexAllowed = true;
        // `>` may close type arguments: `let a: Set<b>`, line break, `[c] = d`.
        this.#couldEnd = mark.startsWith('>') && !mark.endsWith('=');
    }
    this.#remember(mark);
    return true;
  }

  #open(mark: string): void {
    let bracket: Bracket = mark === '[' ? 'square' : 'paren';
    if (mark === '(' && BEFORE_HEAD.has(this.#previous)) {
      if (this.#previous !== 'await' || this.#beforePrevious === 'for') bracket = 'head';
    }
    if (mark === '{') bracket = this.#beginsBlock() ? 'block' : 'object';
    this.#brackets.push(bracket);
    this.#regexAllowed = true;
    this.#couldEnd = false;
  }

  #close(mark: string): void {
    const bracket = this.#brackets.pop();
    this.#regexAllowed = mark === ')' ? bracket === 'head' : mark === '}' && bracket !== 'object';
    this.#couldEnd = bracket !== 'head';
  }

  #beginsBlock(): boolean {
    if (!this.#regexAllowed) return true;
    switch (this.#previous) {
      case '':
      case ';':
      case ')':
      case '}':
      case '=>':
      case 'else':
      case 'do':
      case '>':
      case '>>':
        return true;
      case '{':
      case ':':
        return this.inside === undefined || this.inside === 'block';
      default:
        return false;
    }
  }

  #remember(token: string): void {
    this.#beforePrevious = this.#previous;
    this.#previous = token;
  }
}
