import type { ErrorInfo } from '../errors.ts';

/**
 * A backfill, checked and complete, as a driver is given it. A ledger belongs to the
 * migration or the backfill, never to a run, so that whoever comes next resumes it.
 */
export interface BackfillJob {
  /** `backfill:NAME`, or `migration:VERSION:NAME`. */
  readonly ledger: string;
  readonly name: string;
  /** Collection, or table with or without its schema. */
  readonly target: string;
  /** MongoDB: a query. PostgreSQL: a condition in SQL. Absent: every row. */
  readonly filter?: unknown;
  readonly change: BackfillChange;
  /** Fields or columns that a transform is given; absent: all. */
  readonly fields?: readonly string[] | undefined;
  /** Key fields in order; absent: `_id`, or the primary key. */
  readonly key?: readonly string[] | undefined;
  readonly order: 'ascending' | 'descending';
  /** Keep what a row was before, so that the backfill can be undone. */
  readonly touched: boolean;
  /** SHA-256 of the definition: a ledger is not resumed with another one unless told to. */
  readonly definition: string;
}

export type BackfillChange =
  /** Computed by the database. MongoDB: update operators or a pipeline. PostgreSQL: column → SQL expression. */
  | { readonly type: 'set'; readonly set: unknown }
  /** PostgreSQL: one UPDATE or DELETE whose WHERE contains `{{chunk}}`. */
  | { readonly type: 'sql'; readonly sql: string }
  /** Computed in JavaScript by the engine, applied by the driver. */
  | { readonly type: 'transform' };

/** A key's values in the order of the key's fields, in a form that survives JSON. */
export type KeyValue = readonly unknown[];

/**
 * A part of the key space that is worked on at once. Drivers may keep more beside it: the
 * engine hands the object back.
 */
export interface Chunk {
  readonly ledger: string;
  readonly n: number;
  /** Rows after `after` up to and with `to`; or exactly the rows of `keys`. */
  readonly after?: KeyValue | undefined;
  readonly to?: KeyValue | undefined;
  /** Rows that changed between read and write, or were split off. */
  readonly keys?: readonly KeyValue[] | undefined;
  /** Earlier attempts that failed, or whose worker died. */
  readonly attempts: number;
}

/** What a transform says of one row. */
export type RowChange =
  | { readonly type: 'none' }
  | {
      readonly type: 'set';
      readonly values: Readonly<Record<string, unknown>>;
      readonly unset?: readonly string[] | undefined;
    }
  | { readonly type: 'delete' }
  /** The transform failed for this row: it is set aside with its error, in the chunk's own commit. */
  | { readonly type: 'poison'; readonly error: ErrorInfo };

/** A row as read, with what is needed to see whether it changed since. */
export interface ReadRow {
  readonly key: KeyValue;
  /**
   * As a transform is given it. It may be made anew each time it is asked for. Drivers may
   * keep more beside it: the engine hands the object back.
   */
  readonly row: Readonly<Record<string, unknown>>;
}

export interface ReadBatch {
  /** Those of the chunk that match the filter, in no particular order. */
  readonly rows: readonly ReadRow[];
  /** About how much was read; keeps chunks of large rows small. */
  readonly bytes?: number | undefined;
}

/**
 * What an error of `claim`, `read`, `apply` or any other method means.
 * `transient`: try again (connection, dead lock, write conflict, change of primary).
 * `slow`: a time-out; try again with less. `row`: something in the data is refused
 * (constraint, validator, cast). `fatal`: trying again changes nothing (rights, syntax).
 */
export type FaultKind = 'transient' | 'slow' | 'row' | 'fatal';

export interface Fault {
  readonly kind: FaultKind;
  readonly error: ErrorInfo;
}

export interface ChunkResult {
  /** Rows in the chunk that the filter matched. */
  readonly rows: number;
  readonly changed: number;
  readonly deleted: number;
  /** Rows that changed between read and write: they became a chunk of their own. */
  readonly conflicts: number;
  /** Rows set aside because their change was `poison`. */
  readonly poisoned: number;
  readonly durationMs: number;
}
