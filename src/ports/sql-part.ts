/** What has to be known of SQL that stands before, to read on in the middle. */
export interface SqlState {
  /** `standard_conforming_strings` is off. */
  readonly backslashEscapes: boolean;
  /** `end`: what follows is the line behind the data of a COPY. */
  readonly copy: 'no' | 'end';
}

/** A part of a long text, which is never held as a whole. No statement is in two parts. */
export interface SqlPart {
  /**
   * `copy`: SQL whose last statement is a COPY, whose data follows. `data`: whole lines of
   * that, without the line that ends it.
   */
  readonly kind: 'sql' | 'copy' | 'data';
  readonly text: string;
  /** Where it begins, in UTF-16 units from 0. */
  readonly offset: number;
  /** The same as a line, from 1, and its column. */
  readonly line: number;
  readonly column: number;
  readonly state: SqlState;
}

/** The parts from the first on, at each call anew. */
export type SqlParts = () => Iterable<SqlPart>;
