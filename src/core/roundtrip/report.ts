/** A row that is not as it was. */
export interface RowExample {
  readonly key: string;
  /** Absent: it was not there. */
  readonly before?: string | undefined;
  /** Absent: it is not there. */
  readonly after?: string | undefined;
}

/** How a table's rows differ. */
export interface RowsDifference {
  /** Rows before and after. */
  readonly before: number;
  readonly after: number;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  /** False: the three above are of those that were looked at, and there are more. */
  readonly complete: boolean;
  readonly examples: readonly RowExample[];
}

/** Something that is not as it should be. */
export interface Difference {
  /** `down`: not as before `up`. `again`: not as after the first `up`. `twin`: as elsewhere. */
  readonly after: 'down' | 'again' | 'twin';
  /** A `warning` fails nothing: what differs each time, such as the time of day. */
  readonly severity: 'error' | 'warning';
  readonly change: 'missing' | 'extra' | 'changed';
  /** `table`, `index`, `collection` …, or `rows`. */
  readonly kind: string;
  readonly name: string;
  readonly message: string;
  /** Definitions, of what is no rows. */
  readonly before?: string | undefined;
  readonly now?: string | undefined;
  readonly rows?: RowsDifference | undefined;
}
