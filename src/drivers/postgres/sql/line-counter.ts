/** Lines and columns of growing offsets, in one pass over the text in all. */
export class LineCounter {
  readonly #text: string;
  #line: number;
  #lineStart = 0;

  /** @param firstLine number of the text's first line */
  constructor(text: string, firstLine = 1) {
    this.#text = text;
    this.#line = firstLine;
  }

  /** @param offset not less than at the call before */
  at(offset: number): { line: number; column: number } {
    for (;;) {
      const lineBreak = this.#text.indexOf('\n', this.#lineStart);
      if (lineBreak < 0 || lineBreak >= offset) break;
      this.#line++;
      this.#lineStart = lineBreak + 1;
    }
    // A byte order mark is no column.
    const mark = this.#lineStart === 0 && this.#text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return { line: this.#line, column: Math.max(offset - this.#lineStart - mark, 0) + 1 };
  }
}
