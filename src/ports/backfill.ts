import type { ErrorInfo } from '../errors.ts';
import type { Actor } from './history.ts';

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

/** A part of the key space that is worked on at once. */
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
  /** As a transform is given it. Drivers may keep more beside it: the engine hands the object back. */
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

/** `paused` is `running` with `control.paused`. A `failed` one is resumed by `begin`. */
export type LedgerState = 'running' | 'paused' | 'complete' | 'failed' | 'cancelled' | 'undone';

export interface LedgerHead {
  readonly ledger: string;
  readonly name: string;
  readonly target: string;
  /** Grows with each time a completed backfill is run again. */
  readonly generation: number;
  /** From 1; grows with `sweepAgain`. */
  readonly sweep: number;
  readonly state: LedgerState;
  readonly definition: string;
  readonly guarantee: 'exactly-once' | 'at-least-once';
  /** Upper bound, fixed when the ledger was begun. */
  readonly bound?: KeyValue | undefined;
  /** Rows to look at when it was begun; `exact` tells a count from an estimate. */
  readonly total: number;
  readonly exact: boolean;
  readonly progress: LedgerProgress;
  readonly control: BackfillControl;
  readonly workers: readonly WorkerInfo[];
  readonly startedAt: Date;
  readonly endedAt?: Date | undefined;
  readonly error?: ErrorInfo | undefined;
  readonly summary?: Readonly<Record<string, unknown>> | undefined;
}

/** Of the present generation. */
export interface LedgerProgress {
  readonly rows: number;
  readonly changed: number;
  readonly deleted: number;
  readonly conflicts: number;
  readonly chunksDone: number;
  readonly chunksOpen: number;
  readonly retries: number;
  /** Rows set aside with their error. */
  readonly poisoned: number;
  /** Whether the frontier has reached the bound. */
  readonly cut: boolean;
}

/** What another terminal may change while it runs. Absent: as the definition says; 0: no limit. */
export interface BackfillControl {
  readonly paused?: boolean | undefined;
  readonly cancelled?: boolean | undefined;
  /** Rows a second over all workers. */
  readonly maxRate?: number | undefined;
  readonly maxLagMs?: number | undefined;
  readonly concurrency?: number | undefined;
  /** Part of the time spent waiting, 0 to 0.9. */
  readonly nice?: number | undefined;
}

export interface WorkerInfo {
  readonly id: string;
  readonly by: Actor;
  readonly heartbeatAt: Date;
  /** Rows it has worked on. */
  readonly rows: number;
}

/** What a worker tells of itself; its rows since it began. */
export interface WorkerReport {
  readonly id: string;
  readonly by: Actor;
  readonly rows: number;
}

export interface HeartbeatAnswer {
  readonly state: LedgerState;
  readonly generation: number;
  readonly sweep: number;
  readonly control: BackfillControl;
  readonly progress: LedgerProgress;
  /** Workers alive, this one among them. */
  readonly workers: number;
}

export interface Poisoned {
  readonly key: KeyValue;
  readonly error: ErrorInfo;
  readonly attempts: number;
  readonly at: Date;
}

/** Signals that the database needs a rest. Unknown ones are absent. */
export interface Health {
  readonly lagMs?: number | undefined;
  /** Operations or backends waiting for a lock. */
  readonly waiting?: number | undefined;
  readonly flowControlled?: boolean | undefined;
  /** Part of the cache that is dirty, 0 to 1. */
  readonly dirty?: number | undefined;
  /** Bytes of WAL kept back by the slowest slot or archiver. */
  readonly retainedWal?: number | undefined;
}

export interface BackfillInspection {
  readonly key: readonly string[];
  /** Rows of the target that match, or about. */
  readonly total: number;
  readonly exact: boolean;
  readonly guarantee: 'exactly-once' | 'at-least-once';
  /** What people should know before it starts, such as a weaker guarantee. */
  readonly notes: readonly string[];
  /** Whether new rows get greater keys (ObjectId, serial), so that one sweep is enough. */
  readonly growingKey: boolean;
  /** About how large a row is, where the server knows it. */
  readonly rowBytes?: number | undefined;
}

export interface BeginOptions {
  /** `resume`: go on, or start. `again`: a completed or cancelled one begins anew. */
  readonly mode: 'resume' | 'again';
  /** Go on although the definition changed. */
  readonly acceptDefinition: boolean;
  readonly by: Actor;
}

export interface UndoResult {
  readonly restored: number;
  /** Rows that were changed since, and were left alone. */
  readonly skipped: number;
  readonly skippedKeys: readonly KeyValue[];
}

/**
 * The ledger and the work on it, over connections of its own. Everything is safe for any
 * number of processes at once, and for several calls at once in one. Obligations:
 * - a chunk's work and its `done` commit together, or the work is such that applying it
 *   twice changes nothing;
 * - a row that changed since it was read is never overwritten: it becomes (in the same
 *   commit) part of a new chunk of `keys`;
 * - a chunk whose worker died is claimed again by the next `claim`, at once where the
 *   death can be proven, else when its heartbeat is older than 15 s; that counts as an
 *   attempt;
 * - times in the ledger are the server's.
 */
export interface Backfills {
  /**
   * URL of the module whose export `BSON` (or which itself) can `serialize` and
   * `deserialize` the rows, so that they can go to worker threads as bytes. Absent: rows
   * are plain values.
   */
  readonly bson?: string | undefined;
  /** Throws GODWIT_BACKFILL_INVALID for a view, a missing target, a key that is not unique. Writes nothing. */
  inspect(job: BackfillJob): Promise<BackfillInspection>;
  /** Some rows that match, as a transform would be given them, and for `set`/`sql` what they would become. */
  sample(
    job: BackfillJob,
    count: number,
  ): Promise<
    { readonly before: ReadRow; readonly after?: Readonly<Record<string, unknown>> | undefined }[]
  >;
  /**
   * Creates what godwit needs, fixes the bound and the total, or resumes: a `failed` one
   * is `running` again, a `complete` one is returned as it is unless `again`.
   * Throws GODWIT_BACKFILL_CHANGED.
   */
  begin(job: BackfillJob, options: BeginOptions): Promise<LedgerHead>;
  /** Registers and refreshes a worker; called about each 2 s. @returns what others asked for meanwhile */
  heartbeat(ledger: string, worker: WorkerReport): Promise<HeartbeatAnswer>;
  /**
   * An abandoned or waiting chunk, else the next `size` rows after the frontier.
   * Undefined when there is nothing to claim now (`progress.cut` and `chunksOpen` tell
   * whether others still work), and whenever the ledger is not `running`.
   */
  claim(job: BackfillJob, worker: string, size: number): Promise<Chunk | undefined>;
  /** The chunk's rows that match the filter, for a transform. */
  read(job: BackfillJob, chunk: Chunk): Promise<ReadBatch>;
  /**
   * Does the chunk's work with its ledger record. `changes[i]` answers `rows[i]`, for a
   * transform. @returns undefined when the chunk is no longer this worker's or is done
   * already (a repeated call after a lost answer): then nothing was changed
   */
  apply(
    job: BackfillJob,
    chunk: Chunk,
    worker: string,
    work?: { readonly rows: readonly ReadRow[]; readonly changes: readonly RowChange[] },
  ): Promise<ChunkResult | undefined>;
  /** Back to the waiting ones: with an error that is one more attempt, without one as if never claimed. */
  giveBack(chunk: Chunk, worker: string, error?: ErrorInfo): Promise<void>;
  /**
   * Chunks of this worker other than these become waiting ones: a claim whose answer was
   * lost, or all of them (`[]`) when it leaves, which also takes it off the list.
   */
  letGo(ledger: string, worker: string, holding: readonly number[]): Promise<void>;
  /** Into two waiting halves; a chunk of one row cannot be split: false. */
  split(job: BackfillJob, chunk: Chunk, worker: string): Promise<boolean>;
  /** Sets a chunk of one row aside with its error. */
  poison(job: BackfillJob, chunk: Chunk, worker: string, error: ErrorInfo): Promise<void>;
  poisoned(ledger: string, limit: number): Promise<Poisoned[]>;
  /** Poisoned rows become waiting chunks again, and a ledger that had ended is `running`. @returns how many */
  retryPoisoned(ledger: string): Promise<number>;
  /**
   * Rows that match the filter now: within the bound, and new ones beyond it (exact, may
   * take long). With a key that does not grow all are within. `within: false` asks only for
   * those beyond; `within` is 0 then.
   */
  remaining(
    job: BackfillJob,
    options?: { readonly within?: boolean | undefined },
  ): Promise<{ readonly within: number; readonly beyond: number }>;
  /** Rows of the target that match a query or condition: what a `verify` asks. Stops counting at `limit`. */
  count(job: BackfillJob, filter: unknown, limit?: number): Promise<number>;
  /** For keys that do not grow: begins sweep `n` over all keys if `n - 1` is the present one and done. */
  sweepAgain(job: BackfillJob, n: number): Promise<void>;
  /**
   * `complete` only while nothing is left to claim or under way; nothing ends twice, but
   * `complete` and `failed` may become `undone`. @returns whether this call ended it
   */
  end(
    ledger: string,
    state: LedgerState,
    summary: Readonly<Record<string, unknown>>,
    error?: ErrorInfo,
  ): Promise<boolean>;
  /** Changes what is given, keeps the rest. @returns false when there is no such ledger or it has ended */
  control(ledger: string, change: BackfillControl): Promise<boolean>;
  /** Reads only. */
  head(ledger: string): Promise<LedgerHead | undefined>;
  /** Newest last. Reads only; a missing ledger reads as empty. */
  list(): Promise<LedgerHead[]>;
  health(job: BackfillJob): Promise<Health>;
  classify(thrown: unknown): Fault;
  /** Restores touched rows that are still as the backfill left them. Resumable. */
  undo(
    job: BackfillJob,
    options: {
      readonly batch: number;
      readonly signal: AbortSignal;
      onProgress(restored: number): void;
    },
  ): Promise<UndoResult>;
  close(): Promise<void>;
}
