import { ScriptLexer, type ScriptTokenKind } from './script-lexer.ts';

export interface ScriptToken {
  readonly kind: ScriptTokenKind;
  readonly text: string;
  readonly lineBreakBefore: boolean;
}

const END: ScriptToken = { kind: 'end', text: '', lineBreakBefore: true };

/** Tokens by number, without comments, read only as far as they are asked for. */
export class TokenList {
  readonly #lexer: ScriptLexer;
  readonly #tokens: ScriptToken[] = [];
  #ended = false;

  constructor(source: string) {
    this.#lexer = new ScriptLexer(source);
  }

  /** The token with this number from 0; behind the last a token of kind `end`. */
  at(index: number): ScriptToken {
    while (index >= this.#tokens.length && !this.#ended) this.#read();
    return this.#tokens[index] ?? END;
  }

  /** Text of a token that is no literal, so that a string never passes for a mark. */
  mark(index: number): string {
    const { kind, text } = this.at(index);
    return kind === 'word' || kind === 'punct' ? text : '';
  }

  /**
   * The number behind the bracket that closes the one at `open`. Templates hold
   * brackets of their own, which are closed where they end.
   */
  behind(open: number): number {
    let depth = 0;
    for (let i = open; this.at(i).kind !== 'end'; i++) {
      const mark = this.mark(i);
      if (mark === '{' || mark === '(' || mark === '[') depth++;
      else if (mark === '}' || mark === ')' || mark === ']') {
        if (--depth <= 0) return i + 1;
      }
    }
    return Number.MAX_SAFE_INTEGER;
  }

  #read(): void {
    const lexer = this.#lexer;
    while (lexer.next()) {
      if (lexer.kind === 'comment') continue;
      this.#tokens.push({
        kind: lexer.kind,
        text: lexer.text.slice(lexer.start, lexer.end),
        lineBreakBefore: lexer.lineBreakBefore,
      });
      return;
    }
    this.#ended = true;
  }
}
