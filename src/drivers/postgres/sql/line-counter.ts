/** Lines and columns of growing offsets, in one pass over the text in all. */
export class LineCounter {
  readonly #text: string;
  #line: number;
  #lineStart = 0;
  /** Added on the first line. */
  #shift: number;

  /**
   * @param firstLine number of the text's first line
   * @param firstColumn column of that line on which the text begins
   */
  constructor(text: string, firstLine = 1, firstColumn = 1) {
    this.#text = text;
    this.#line = firstLine;
    this.#shift = firstColumn - 1;
  }

  /** @param offset not less than at the call before */
  at(offset: number): { line: number; column: number } {
    for (;;) {
      const lineBreak = this.#text.indexOf('\n', this.#lineStart);
      if (lineBreak < 0 || lineBreak >= offset) break;
      this.#line++;
      this.#lineStart = lineBreak + 1;
      this.#shift = 0;
    }
    // A byte order mark is no column.
    const mark = this.#lineStart === 0 && this.#text.charCodeAt(0) === 0xfeff ? 1 : 0;
    const column = Math.max(offset - this.#lineStart - mark, 0) + 1 + this.#shift;
    return { line: this.#line, column };
  }
}
