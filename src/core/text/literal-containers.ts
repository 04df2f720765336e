import { literalValue } from './literal-value.ts';
import type { LiteralValue } from './literals.ts';
import type { TokenList } from './token-list.ts';

export type Found = Record<string, LiteralValue>;

/** Reads literals out of objects and classes, given the number of their first token. */
export class LiteralContainers {
  readonly tokens: TokenList;
  readonly names: readonly string[];

  constructor(tokens: TokenList, names: readonly string[]) {
    this.tokens = tokens;
    this.names = names;
  }

  /** The token behind `=`, or -1; skips a type, whose braces are balanced. */
  initializer(i: number): number {
    const { tokens } = this;
    if (tokens.mark(i) === '=') return i + 1;
    if (tokens.mark(i) !== ':') return -1;
    for (let at = i + 1; tokens.at(at).kind !== 'end'; ) {
      const mark = tokens.mark(at);
      if (mark === '=') return at + 1;
      if (mark === '>=' || mark === '>>=') return at + 1;
      if (mark === ';') return -1;
      at = mark === '{' || mark === '(' || mark === '[' ? tokens.behind(at) : at + 1;
    }
    return -1;
  }

  behindTypeArguments(open: number): number {
    const { tokens } = this;
    let depth = 0;
    for (let i = open; tokens.at(i).kind !== 'end'; ) {
      const mark = tokens.mark(i);
      if (mark === '<') depth++;
      else if (/^>+$/.test(mark)) depth -= mark.length;
      if (depth <= 0) return i + 1;
      i = mark === '{' || mark === '(' || mark === '[' ? tokens.behind(i) : i + 1;
    }
    return open + 1;
  }

  /** The properties of an object literal, but not of those inside it. */
  object(open: number, into: Found): number {
    const { tokens } = this;
    const skip = (at: number): number => {
      const mark = tokens.mark(at);
      return mark === '{' || mark === '(' || mark === '[' ? tokens.behind(at) : at + 1;
    };
    let i = open + 1;
    while (tokens.at(i).kind !== 'end' && tokens.mark(i) !== '}') {
      const { kind } = tokens.at(i);
      if ((kind === 'word' || kind === 'string') && tokens.mark(i + 1) === ':') {
        this.take(into, this.#key(i), i + 2);
        if (this.names.every((name) => Object.hasOwn(into, name))) return i;
      }
      while (tokens.at(i).kind !== 'end' && tokens.mark(i) !== ',' && tokens.mark(i) !== '}')
        i = skip(i);
      if (tokens.mark(i) === ',') i++;
    }
    return i + 1;
  }

  #key(i: number): string {
    const { kind, text } = this.tokens.at(i);
    return kind === 'string' ? text.slice(1, -1) : text;
  }

  /** Fields, and `this.name = …` on the first level of the constructor. */
  classBody(i: number, into: Found): number {
    const { tokens } = this;
    let at = i;
    while (tokens.mark(at) !== '{' && tokens.at(at).kind !== 'end') {
      at =
        tokens.mark(at) === '('
          ? tokens.behind(at)
          : tokens.mark(at) === '<'
            ? this.behindTypeArguments(at)
            : at + 1;
    }
    at++;
    while (tokens.mark(at) !== '}' && tokens.at(at).kind !== 'end') {
      const mark = tokens.mark(at);
      if (mark === 'constructor' && tokens.mark(at + 1) === '(') {
        const body = tokens.behind(at + 1);
        at = tokens.mark(body) === '{' ? this.#constructorBody(body, into) : body;
      } else if (mark === '{' || mark === '(' || mark === '[') at = tokens.behind(at);
      else {
        const value = this.names.includes(mark) ? this.initializer(at + 1) : -1;
        if (value > 0) this.take(into, mark, value);
        at++;
      }
    }
    return at + 1;
  }

  #constructorBody(open: number, into: Found): number {
    const { tokens } = this;
    let i = open + 1;
    while (tokens.mark(i) !== '}' && tokens.at(i).kind !== 'end') {
      const mark = tokens.mark(i);
      if (mark === 'this' && tokens.mark(i + 1) === '.' && tokens.mark(i + 3) === '=') {
        this.take(into, tokens.mark(i + 2), i + 4);
      }
      i = mark === '{' || mark === '(' || mark === '[' ? tokens.behind(i) : i + 1;
    }
    return i + 1;
  }

  /** Takes a literal that is the whole value. */
  take(into: Found, name: string, at: number): void {
    if (at < 0 || !this.names.includes(name) || Object.hasOwn(into, name)) return;
    const { tokens } = this;
    const negative = tokens.mark(at) === '-' && tokens.at(at + 1).kind === 'number';
    const literal = tokens.at(negative ? at + 1 : at);
    const value = literalValue(literal.kind, literal.text);
    if (value === undefined || !this.#ends(negative ? at + 2 : at + 1)) return;
    into[name] = negative ? -(value as number) : value;
  }

  #ends(at: number): boolean {
    const mark = this.tokens.mark(at);
    if (/^[,;})\]]$/.test(mark) || mark === 'as' || mark === 'satisfies') return true;
    const { kind, lineBreakBefore } = this.tokens.at(at);
    return kind === 'end' || (lineBreakBefore && (kind === 'word' || mark === '@' || mark === '#'));
  }
}
