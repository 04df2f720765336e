import { ScriptLexer } from '../core/text/script-lexer.ts';

export interface ScriptWord {
  readonly kind: ScriptLexer['kind'];
  readonly text: string;
  readonly line: number;
  readonly character: number;
}

/** The tokens of a script, without its comments, by number. */
export class ScriptScan {
  readonly tokens: readonly ScriptWord[];

  constructor(source: string) {
    this.tokens = [...readTokens(source)];
  }

  text(at: number): string {
    return this.tokens[at]?.text ?? '';
  }

  /** Whether these tokens stand here, one after the other. */
  is(at: number, ...texts: readonly string[]): boolean {
    return texts.every((text, i) => {
      const token = this.tokens[at + i];
      return token !== undefined && token.kind !== 'string' && token.text === text;
    });
  }

  /** A string's value; undefined when it is none, or not known before it runs. */
  string(at: number): string | undefined {
    const token = this.tokens[at];
    if (token === undefined) return undefined;
    if (token.kind === 'string') return token.text.slice(1, -1).replace(/\\(.)/g, '$1');
    const plain = token.kind === 'template' && token.text.endsWith('`') && token.text[0] === '`';
    return plain && token.text.length > 1 ? token.text.slice(1, -1) : undefined;
  }

  /** The number behind the bracket that closes the one here. */
  behind(open: number): number {
    let depth = 0;
    for (let i = open; i < this.tokens.length; i++) {
      const { kind, text } = this.tokens[i] as ScriptWord;
      if (kind !== 'punct') continue;
      if (text === '(' || text === '[' || text === '{') depth++;
      else if ((text === ')' || text === ']' || text === '}') && --depth <= 0) return i + 1;
    }
    return this.tokens.length;
  }
}

function* readTokens(source: string): Generator<ScriptWord> {
  const lexer = new ScriptLexer(source);
  let line = 1;
  let lineStart = 0;
  let at = 0;
  while (lexer.next()) {
    for (let next = source.indexOf('\n', at); next >= 0 && next < lexer.start; ) {
      line++;
      lineStart = at = next + 1;
      next = source.indexOf('\n', at);
    }
    if (lexer.kind === 'comment') continue;
    const text = source.slice(lexer.start, lexer.end);
    yield { kind: lexer.kind, text, line, character: lexer.start - lineStart + 1 };
  }
}
