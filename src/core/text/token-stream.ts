/** Characters that are gathered before they are passed on. */
const CHUNK = 64 * 1024;

/**
 * Tokens as one text: each with its kind and length before it, so that two streams are
 * equal only if they have the same tokens between the same boundaries. The text is passed
 * on in parts, because that of a long file would be longer than the file.
 */
export class TokenStream {
  readonly #take: (part: string) => void;
  #parts: string[] = [];
  #length = 0;

  constructor(take: (part: string) => void) {
    this.#take = take;
  }

  add(kind: string, text: string): void {
    this.#parts.push(kind, `${text.length}:`, text);
    this.#length += text.length + 8;
    if (this.#length > CHUNK) this.end();
  }

  /** A token whose text follows in parts, of that length in all. */
  begin(kind: string, length: number): void {
    this.#parts.push(kind, `${length}:`);
    this.#length += 8;
  }

  more(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length > CHUNK) this.end();
  }

  /** Passes on what is left. */
  end(): void {
    this.#take(this.#parts.join(''));
    this.#parts = [];
    this.#length = 0;
  }
}

/**
 * What a comment says, if it is a directive (`-- godwit: no-transaction`): those change
 * what godwit does, so they are no mere comments.
 */
export function directiveOf(comment: string): string | undefined {
  const body = comment
    .replace(/^(?:--|\/\/|\/\*+)/, '')
    .replace(/\*+\/$/, '')
    .trim();
  return body.startsWith('godwit:') ? body.replace(/\s+/g, ' ') : undefined;
}
