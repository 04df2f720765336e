import { type Found, LiteralContainers } from './literal-containers.ts';
import { TokenList } from './token-list.ts';

/** One pass over the top level of a module; see `readLiteralProperties`. */
export class LiteralReader {
  private readonly tokens: TokenList;
  private readonly read: LiteralContainers;
  readonly #names: readonly string[];
  readonly #found: Found = {};
  /** Objects and classes held by a name, in case that name is exported later. */
  readonly #held = new Map<string, Found>();
  readonly #classes = new Set<string>();

  constructor(source: string, names: readonly string[]) {
    this.tokens = new TokenList(source);
    this.read = new LiteralContainers(this.tokens, names);
    this.#names = names;
  }

  readAll(): Found {
    let i = 0;
    while (this.tokens.at(i).kind !== 'end' && !this.#complete()) i = this.#statement(i);
    return this.#found;
  }

  #complete(): boolean {
    return this.#names.every((name) => Object.hasOwn(this.#found, name));
  }

  /** Reads what begins at token `i` on the top level; returns where to go on. */
  #statement(i: number): number {
    const { tokens } = this;
    switch (tokens.mark(i)) {
      case 'export':
        return this.#export(i + 1);
      case 'const':
      case 'let':
      case 'var':
        return this.#holds(i + 1);
      case 'class':
        return this.#class(i);
      case 'module':
      case 'exports':
        return this.#commonJs(i);
      case '{':
      case '(':
      case '[':
        return tokens.behind(i);
      default:
        return i + 1;
    }
  }

  #export(i: number): number {
    const { tokens } = this;
    switch (tokens.mark(i)) {
      case 'default':
        return tokens.mark(i + 1) === 'abstract'
          ? this.#value(i + 2, this.#found)
          : this.#value(i + 1, this.#found);
      case '=':
        return this.#value(i + 1, this.#found);
      case 'class':
        return this.read.classBody(i, this.#found);
      case 'const':
      case 'let':
      case 'var':
        this.read.take(this.#found, tokens.at(i + 1).text, this.read.initializer(i + 2));
        return this.#holds(i + 1);
      case '{':
        return this.#exportList(i);
      default:
        return i + 1;
    }
  }

  /** `export { migration as default }`. */
  #exportList(open: number): number {
    const { tokens } = this;
    const end = tokens.behind(open);
    for (let i = open + 1; i < end && tokens.at(i).kind !== 'end'; i++) {
      if (tokens.mark(i) === 'as' && tokens.mark(i + 1) === 'default')
        this.#merge(tokens.mark(i - 1));
    }
    return end;
  }

  /** `module.exports = …`, `exports.default = …`, `exports.description = …`. */
  #commonJs(i: number): number {
    const { tokens } = this;
    let at = i;
    if (tokens.mark(at) === 'module') {
      if (tokens.mark(at + 1) !== '.' || tokens.mark(at + 2) !== 'exports') return i + 1;
      at += 2;
    } else if (tokens.mark(i - 1) === '.') return i + 1;
    if (tokens.mark(at + 1) === '=') return this.#value(at + 2, this.#found);
    if (tokens.mark(at + 1) !== '.' || tokens.mark(at + 3) !== '=') return at + 1;
    const name = tokens.mark(at + 2);
    if (name === 'default') return this.#value(at + 4, this.#found);
    this.read.take(this.#found, name, at + 4);
    if (this.#classes.has(tokens.mark(at + 4))) this.#merge(tokens.mark(at + 4));
    return at + 4;
  }

  /** `const name: Type = value`. */
  #holds(i: number): number {
    const { kind, text } = this.tokens.at(i);
    const value = this.read.initializer(i + 1);
    if (kind !== 'word' || value < 0) return i;
    const held: Found = {};
    this.#held.set(text, held);
    // What follows on the same level is seen by the caller; only an object is entered.
    return this.#value(value, held);
  }

  /**
   * An expression that may be an object, a class or a name, perhaps as an argument of a
   * call: `{…}`, `defineMigration<T>({…})`, `(0, godwit.defineMigration)({…})`. Returns
   * where the caller goes on; what was not understood is passed over there.
   */
  #value(i: number, into: Found): number {
    const { tokens, read } = this;
    switch (tokens.mark(i)) {
      case '{':
        return read.object(i, into);
      case 'class':
        return read.classBody(i, into);
      case 'await':
        return this.#value(i + 1, into);
      case '<':
        return this.#value(read.behindTypeArguments(i), into);
      case '(': {
        const behind = tokens.behind(i);
        if (tokens.mark(behind) === '(') return this.#arguments(behind, into);
        return /^(?:[{(]|class)$/.test(tokens.mark(i + 1)) ? this.#value(i + 1, into) : behind;
      }
      case 'module':
      case 'exports':
        return this.#commonJs(i);
      default:
        return this.#named(i, into);
    }
  }

  #named(i: number, into: Found): number {
    const { tokens, read } = this;
    const name = tokens.mark(i);
    if (tokens.at(i).kind !== 'word' || /^(?:function|async|new)$/.test(name)) return i;
    let at = i + 1;
    while (tokens.mark(at) === '.' && tokens.at(at + 1).kind === 'word') at += 2;
    if (tokens.mark(at) === '<') at = read.behindTypeArguments(at);
    if (tokens.mark(at) === '(') return this.#arguments(at, into);
    if (at === i + 1) this.#merge(name, into);
    return at;
  }

  #arguments(open: number, into: Found): number {
    const { tokens, read } = this;
    const end = tokens.behind(open);
    for (let i = open + 1; i < end && tokens.at(i).kind !== 'end'; ) {
      const begins = i === open + 1 || tokens.mark(i - 1) === ',';
      const mark = tokens.mark(i);
      if (mark === '{' && begins) return read.object(i, into);
      i = mark === '{' || mark === '(' || mark === '[' ? tokens.behind(i) : i + 1;
    }
    return end;
  }

  #class(i: number): number {
    const name = this.tokens.mark(i + 1);
    const found: Found = {};
    this.#held.set(name, found);
    this.#classes.add(name);
    return this.read.classBody(i, found);
  }

  #merge(name: string, into: Found = this.#found): void {
    for (const [key, value] of Object.entries(this.#held.get(name) ?? {})) into[key] ??= value;
  }
}
