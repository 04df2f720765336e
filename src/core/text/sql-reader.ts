import type { SqlState } from '../../ports/sql-part.ts';
import { SqlLexer } from './sql-lexer.ts';
import { scanLine } from './sql-scan.ts';

/** Words kept per statement: enough for `create or replace temporary … function`. */
const WORDS_KEPT = 8;

/**
 * The lexer with a memory of the statement it is in. It knows which `;` ends a statement
 * (not those in parentheses or in a `BEGIN ATOMIC` body), the lines of data that follow
 * `COPY … FROM stdin`, and when `standard_conforming_strings` is switched.
 */
export class SqlReader extends SqlLexer {
  /** The statement's first words, lower case, also still at its `;`; `"` is a quoted name. */
  words: string[] = [];
  /** The file switches backslash escapes on somewhere: its parts depend on each other. */
  switchesEscapes = false;
  #parens = 0;
  /** Open BEGIN ATOMIC and CASE in the body of an SQL routine. */
  #blocks = 0;
  #previous = '';
  #copy: 'no' | 'stdin' | 'line' | 'data' | 'end' = 'no';

  /** @param state of what stands before, when `text` is the part of another */
  constructor(text: string, state?: SqlState) {
    super(text);
    if (!state) return;
    this.backslashEscapes = state.backslashEscapes;
    this.#copy = state.copy;
  }

  override next(): boolean {
    if (this.kind === 'semicolon') this.#beginStatement();
    if (this.#copy !== 'no' && this.#copy !== 'stdin') return this.#nextOfCopy();
    if (!super.next()) return false;
    switch (this.kind) {
      case 'space':
      case 'comment':
        return true;
      case 'word':
        this.#noteWord();
        return true;
      case 'semicolon':
        this.#noteSemicolon();
        return true;
      case 'punct':
        this.#notePunct();
        return true;
      case 'quoted':
        if (this.words.length < WORDS_KEPT) this.words.push('"');
    }
    this.#previous = '';
    return true;
  }

  /** The statement so far is `COPY … FROM stdin`. */
  get readsStdin(): boolean {
    return this.#copy === 'stdin';
  }

  /** The `;` just read ends a `COPY … FROM stdin`: its data comes next. */
  get readsStdinNext(): boolean {
    return this.#copy === 'line';
  }

  #beginStatement(): void {
    this.words = [];
    this.#parens = 0;
    this.#blocks = 0;
    this.#previous = '';
  }

  #noteWord(): void {
    const { words } = this;
    const first = words[0];
    if (words.length >= WORDS_KEPT && first !== 'copy' && !(first === 'create' && isRoutine(words)))
      return;
    const word = this.text.slice(this.start, this.end).toLowerCase();
    if (words.length < WORDS_KEPT) words.push(word);
    if (first === 'copy') this.#noteCopy(word);
    else if (first === 'create') this.#noteBlock(word);
    else if (first === 'set' || (first === undefined && word === 'set')) this.#noteSet();
    this.#previous = word;
  }

  #noteCopy(word: string): void {
    if (word === 'stdin' && this.#previous === 'from' && this.#parens === 0) this.#copy = 'stdin';
  }

  /** As a name (`x.end`, `AS case`) the word opens and closes nothing. */
  #noteBlock(word: string): void {
    if (this.#parens > 0 || this.#previous === '.' || this.#previous === 'as') return;
    if (word === 'atomic') {
      if (this.#previous === 'begin' && this.#blocks === 0 && isRoutine(this.words))
        this.#blocks = 1;
    } else if (this.#blocks > 0) {
      if (word === 'case') this.#blocks++;
      else if (word === 'end') this.#blocks--;
    }
  }

  #noteSet(): void {
    if (!this.words.includes('standard_conforming_strings')) return;
    const rest = this.text.slice(this.end, scanLine(this.text, this.end));
    const value = /^\s*(?:=|\bto\b)\s*'?(\w+)/i.exec(rest)?.[1]?.toLowerCase();
    if (value === undefined) return;
    this.backslashEscapes = /^(off|of|false|fals|fal|fa|f|no|n|0)$/.test(value);
    this.switchesEscapes ||= this.backslashEscapes;
  }

  #noteSemicolon(): void {
    if (this.#parens > 0 || this.#blocks > 0) {
      this.kind = 'punct';
      this.#previous = ';';
      return;
    }
    if (this.#copy === 'stdin') this.#copy = 'line';
  }

  #notePunct(): void {
    const character = this.text[this.start] as string;
    if (character === '(') this.#parens++;
    else if (character === ')' && this.#parens > 0) this.#parens--;
    this.#previous = character;
  }

  #nextOfCopy(): boolean {
    const { text, end: at } = this;
    this.start = at;
    if (at >= text.length && this.#copy === 'end') {
      this.#copy = 'no';
      return super.next();
    }
    if (this.#copy === 'line') return this.#restOfCopyLine(at);
    if (this.#copy === 'data') {
      this.#copy = 'end';
      return this.take('copyData', findCopyEnd(text, at));
    }
    this.#copy = 'no';
    return this.take('copyEnd', scanLine(text, at));
  }

  #restOfCopyLine(at: number): true {
    const { text } = this;
    const stop = scanLine(text, at);
    const rest = text.slice(at, stop).trim();
    this.#copy = 'data';
    const kind = rest === '' ? 'space' : rest.startsWith('--') ? 'comment' : 'junk';
    const lineBreak = text.startsWith('\r\n', stop) ? 2 : stop < text.length ? 1 : 0;
    return this.take(kind, stop + lineBreak);
  }
}

function isRoutine(words: readonly string[]): boolean {
  const at = words[1] === 'or' ? 3 : 1;
  return words[at] === 'function' || words[at] === 'procedure';
}

/**
 * Where the line `\.` begins, or the end of the text.
 *
 * @param from where a line begins
 */
export function findCopyEnd(text: string, from: number): number {
  let i = from;
  for (;;) {
    i = text.indexOf('\\.', i);
    if (i < 0) return text.length;
    const after = text[i + 2];
    const atLineStart = i === from || text[i - 1] === '\n';
    if (atLineStart && (after === undefined || after === '\n' || after === '\r')) return i;
    i += 2;
  }
}
