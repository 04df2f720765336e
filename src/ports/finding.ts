export type FindingSeverity = 'error' | 'warning' | 'info';

/** Where something was found: in a file, in the database, or both. */
export interface FindingPlace {
  /** Relative to the project, with `/`. */
  readonly file?: string | undefined;
  /** The migration's id. */
  readonly id?: string | undefined;
  /** Line of the file, from 1. */
  readonly line?: number | undefined;
  /** Character of the line, from 1: `column` is the database's. */
  readonly character?: number | undefined;
  readonly schema?: string | undefined;
  /** Table, view or collection. */
  readonly table?: string | undefined;
  /** Column or field. */
  readonly column?: string | undefined;
  readonly index?: string | undefined;
  readonly constraint?: string | undefined;
  readonly policy?: string | undefined;
  readonly sequence?: string | undefined;
  readonly extension?: string | undefined;
  readonly role?: string | undefined;
  /** What was expected, as it is written. */
  readonly expectation?: string | undefined;
}

/**
 * One answer of `validate`, `lint` or a comparison: what was found, where, and what to type
 * against it. Codes are stable and never reused.
 */
export interface Finding {
  readonly code: string;
  readonly severity: FindingSeverity;
  readonly where: FindingPlace;
  readonly message: string;
  /** A command or a statement that can be typed, where there is one. */
  readonly fix: string;
}

/** How many findings there are of each severity. */
export interface FindingSummary {
  readonly error: number;
  readonly warning: number;
  readonly info: number;
}
