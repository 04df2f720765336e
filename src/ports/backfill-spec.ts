import type { BackfillControl } from './backfill-ledger.ts';

/**
 * What a transform says of a row: fields with their new values, `undefined` or `null` for a
 * row that stays as it is, `{ $delete: true }` to have it deleted, or `$set`/`$unset` where
 * fields have to go.
 */
export type TransformAnswer =
  | undefined
  | null
  | { readonly $delete: true }
  | {
      readonly $set?: Readonly<Record<string, unknown>> | undefined;
      readonly $unset?: readonly string[] | Readonly<Record<string, unknown>> | undefined;
    }
  | Readonly<Record<string, unknown>>;

// biome-ignore lint/suspicious/noExplicitAny: rows are what the author's collection holds
export type AnyRow = any;

export type Transform<Row = AnyRow> = (row: Row) => TransformAnswer | Promise<TransformAnswer>;
/** Answers in the order of the rows. */
export type TransformBatch<Row = AnyRow> = (
  rows: readonly Row[],
) => readonly TransformAnswer[] | Promise<readonly TransformAnswer[]>;

export interface ChunkOptions {
  /** Rows of the first chunk. Default 1000. */
  readonly start?: number | undefined;
  readonly min?: number | undefined;
  /** Default 20 000; 3 000 where rows go through JavaScript. */
  readonly max?: number | undefined;
  /** How long a chunk should take, in ms. Default 400. */
  readonly targetMs?: number | undefined;
}

export interface ThrottleOptions {
  /** Rows a second, over all workers. */
  readonly maxRate?: number | undefined;
  /** Longest replication lag, in ms. Default 10 000; 0: do not look. */
  readonly maxLagMs?: number | undefined;
  /** Part of the time spent waiting, 0 to 0.9. */
  readonly nice?: number | undefined;
  /** Times of day it may run in, such as `22:00-06:00` or `sat,sun 00:00-24:00`, local time. */
  readonly windows?: readonly string[] | undefined;
  /** Operations waiting for a lock. Default 20; 0: do not look. */
  readonly maxWaiting?: number | undefined;
  /** Bytes of WAL held back. Default 10 GiB; 0: do not look. */
  readonly maxRetainedWal?: number | undefined;
}

/** What a `verify` function is given. */
export interface VerifyCall {
  /** Rows of the target that match a query (MongoDB) or condition (SQL). */
  count(filter: unknown, limit?: number): Promise<number>;
  readonly summary: BackfillSummary;
}

/**
 * What `defineBackfill` and `ctx.backfill` take: exactly one of `collection` and `table`,
 * and exactly one of `set`, `sql`, `transform` and `transformBatch`.
 */
export interface BackfillSpec<Row = AnyRow> {
  /** Default: the file's name; in a migration the target's. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly collection?: string | undefined;
  /** With or without its schema. */
  readonly table?: string | undefined;
  /** MongoDB: a query. PostgreSQL: a condition in SQL. Absent: every row. */
  readonly filter?: unknown;
  /**
   * Computed by the database. MongoDB: update operators, a pipeline, or plain fields.
   * PostgreSQL: SQL expressions by column.
   */
  readonly set?: unknown;
  /** PostgreSQL: one UPDATE or DELETE whose WHERE contains `{{chunk}}`. */
  readonly sql?: string | undefined;
  /** A function, or the path or URL of a module whose default export it is: then worker threads run it. */
  readonly transform?: Transform<Row> | string | URL | undefined;
  readonly transformBatch?: TransformBatch<Row> | string | URL | undefined;
  /**
   * How long one call of the transform may take, in ms; a row for which it takes longer has
   * failed (GODWIT_BACKFILL_TIMEOUT). Default: no limit. A function that never yields can be
   * ended only in a thread, so where it is the path of a module.
   */
  readonly transformTimeoutMs?: number | undefined;
  /** Fields or columns that the transform is given. Absent: all. */
  readonly fields?: readonly string[] | undefined;
  /** Absent: `_id`, or the primary key. */
  readonly key?: string | readonly string[] | undefined;
  /** Rows of a chunk: a fixed number, or how they adapt. */
  readonly chunk?: number | ChunkOptions | undefined;
  /** Chunks under way at once. Absent: 2, and more while that is faster, up to 4. */
  readonly concurrency?: number | undefined;
  readonly throttle?: ThrottleOptions | undefined;
  readonly order?: 'ascending' | 'descending' | undefined;
  /** A row that fails: `stop` (default), or go on and set it aside for `backfill retry`. */
  readonly onError?: 'stop' | 'skip-and-record' | undefined;
  /**
   * For keys that do not grow. `until-empty`: the filter is swept again until nothing
   * matches; only right when a row that was changed no longer matches. Default `once`.
   */
  readonly sweep?: 'once' | 'until-empty' | undefined;
  /** Asked at the end. A filter: no row may match it. A function: throwing or `false` fails. */
  readonly verify?: ((call: VerifyCall) => unknown) | string | object | undefined;
  /** `touched`: keep what rows were before, so that the backfill can be undone. */
  readonly backup?: 'touched' | undefined;
}

/** What came of a backfill; kept in the ledger and in the history. */
export interface BackfillSummary {
  readonly name: string;
  readonly ledger: string;
  readonly target: string;
  readonly state: 'complete' | 'failed' | 'cancelled' | 'stopped' | 'undoing' | 'undone';
  readonly generation: number;
  readonly guarantee: 'exactly-once' | 'at-least-once';
  readonly rows: number;
  readonly changed: number;
  readonly deleted: number;
  /** Times that a row was changed by somebody else between read and write, and was read again. */
  readonly conflicts: number;
  readonly poisoned: number;
  readonly retries: number;
  readonly chunks: number;
  readonly sweeps: number;
  /** Time of one chunk, in ms, as this process measured it. */
  readonly chunkMs: { readonly p50: number; readonly p95: number };
  readonly rowsPerSecond: number;
  readonly durationMs: number;
  /** Rows that match the filter at the end: within the bound, and new ones beyond it. */
  readonly remaining?: { readonly within: number; readonly beyond: number } | undefined;
  readonly notes: readonly string[];
}

/** How one run of a backfill differs from its definition. */
export interface BackfillOverrides {
  readonly chunk?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly control?: BackfillControl | undefined;
  readonly windows?: readonly string[] | undefined;
}
