/** A row or document, as text. Equal rows give equal texts. */
export interface Row {
  /** What tells it apart from others: its primary key, `_id`, or else all of it. */
  readonly key: string;
  readonly text: string;
}

/** Values as MongoDB's Extended JSON has them: `{ $oid }`, `{ $date }`, `{ $numberLong }` … */
export type PlainRow = Readonly<Record<string, unknown>>;

/** Some rows of a table. */
export interface Sample {
  readonly name: string;
  /** Columns or fields whose values tell rows apart or point to others. */
  readonly identity: readonly string[];
  readonly rows: readonly PlainRow[];
}

/** Rows of every table or collection but godwit's own. */
export interface Rows {
  /** Tables as `schema.table`, or collections, with rows of their own. Reads only. */
  tables(): Promise<readonly string[]>;
  /** Batch by batch, in any order, so that memory stays flat. Reads only. */
  read(table: string): AsyncIterable<readonly Row[]>;
  /**
   * At most so many rows of each table, with the rows of other tables that they point to.
   * Reads only.
   */
  sample(limit: number): Promise<readonly Sample[]>;
  /**
   * Puts a sample's rows into a database of the same schema.
   *
   * @returns how many the database did not take
   */
  load(samples: readonly Sample[]): Promise<number>;
}
