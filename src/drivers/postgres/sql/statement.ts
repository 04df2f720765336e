/** One statement of an SQL file. */
export interface Statement {
  /** From its first word to its last, without comments around it and without the `;`. */
  readonly text: string;
  /** Where it begins in the text that was split, in UTF-16 units from 0. */
  readonly offset: number;
  /** From 1; counted from `at.line` where one was given. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
  /**
   * The lines behind `COPY … FROM stdin;` as they stand, without the `\.`. Such a
   * statement cannot be sent as a plain query: it needs the copy protocol.
   */
  readonly copyData?: string;
}

/** Where a text stands, for errors and line numbers. */
export interface TextPlace {
  readonly file?: string | undefined;
  /** Line of the file on which the text begins; 1 when absent. */
  readonly line?: number | undefined;
}

/** A statement with what the lexer learned of it on the way. */
export interface ReadStatement extends Statement {
  /** First words, lower case. */
  readonly words: readonly string[];
  /** Line of the file on which its data begins. */
  readonly copyLine?: number;
  /**
   * Of a long file in place of `copyData`: whole lines, of any number, to be read once and
   * before the next statement is.
   */
  readonly copyParts?: Iterable<string>;
  /** Offset behind everything that belongs to it: its `;`, its data if that is at hand. */
  readonly end: number;
}
