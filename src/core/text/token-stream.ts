/**
 * Tokens as one text: each with its kind and length before it, so that two streams are
 * equal only if they have the same tokens between the same boundaries.
 */
export class TokenStream {
  #parts: string[] = [];

  add(kind: string, text: string): void {
    this.#parts.push(kind, `${text.length}:`, text);
  }

  toString(): string {
    return this.#parts.join('');
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
