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
  | { readonly type: 'delete' };

/** A row as read, with what is needed to see whether it changed since. */
export interface ReadRow {
  readonly key: KeyValue;
  readonly row: Readonly<Record<string, unknown>>;
}

export interface ChunkResult {
  /** Rows in the chunk that the filter matched. */
  readonly rows: number;
  readonly changed: number;
  readonly deleted: number;
  /** Rows that changed between read and write: they became a chunk of their own. */
  readonly conflicts: number;
  readonly durationMs: number;
}

export type LedgerState = 'running' | 'paused' | 'complete' | 'failed' | 'cancelled' | 'undone';

export interface LedgerHead {
  readonly ledger: string;
  readonly name: string;
  readonly target: string;
  /** Grows with each time a completed backfill is run again. */
  readonly generation: number;
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

/** What another terminal may change while it runs. Absent: as the definition says. */
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
  readonly rows: number;
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
 * number of processes at once. Obligations:
 * - a chunk's work and its `done` commit together, or the work is such that applying it
 *   twice changes nothing;
 * - a row that changed since it was read is never overwritten: it becomes (in the same
 *   commit) part of a new chunk of `keys`;
 * - a chunk whose worker died is claimed again by the next `claim`, at once where the
 *   death can be proven, else when its heartbeat is older than 15 s.
 */
export interface Backfills {
  /** Throws GODWIT_BACKFILL_INVALID for a view, a missing target, a key that is not unique. Writes nothing. */
  inspect(job: BackfillJob): Promise<BackfillInspection>;
  /** Some rows that match, as a transform would be given them, and for `set`/`sql` what they would become. */
  sample(
    job: BackfillJob,
    count: number,
  ): Promise<
    { readonly before: ReadRow; readonly after?: Readonly<Record<string, unknown>> | undefined }[]
  >;
  /** Creates what godwit needs, fixes the bound and the total, or resumes. Throws GODWIT_BACKFILL_CHANGED. */
  begin(job: BackfillJob, options: BeginOptions): Promise<LedgerHead>;
  /** Registers and refreshes a worker; call about each 2 s. @returns what others asked for meanwhile */
  heartbeat(ledger: string, worker: { id: string; by: Actor }): Promise<BackfillControl>;
  /**
   * An abandoned or waiting chunk, else the next `size` rows after the frontier.
   * Undefined when there is nothing to claim now (`progress.cut` and `chunksOpen` tell
   * whether others still work).
   */
  claim(job: BackfillJob, worker: string, size: number): Promise<Chunk | undefined>;
  /** The chunk's rows that match the filter, for a transform. */
  read(job: BackfillJob, chunk: Chunk): Promise<ReadRow[]>;
  /** Does the chunk's work with its ledger record. `changes` answer `rows`, for a transform. */
  apply(
    job: BackfillJob,
    chunk: Chunk,
    worker: string,
    work?: { readonly rows: readonly ReadRow[]; readonly changes: readonly RowChange[] },
  ): Promise<ChunkResult>;
  /** Back to the waiting ones, with one more attempt. */
  giveBack(chunk: Chunk, worker: string, error: ErrorInfo): Promise<void>;
  /** Into two waiting halves; a chunk of one row cannot be split: false. */
  split(job: BackfillJob, chunk: Chunk, worker: string): Promise<boolean>;
  /** Sets a chunk of one row aside with its error. */
  poison(job: BackfillJob, chunk: Chunk, worker: string, error: ErrorInfo): Promise<void>;
  poisoned(ledger: string, limit: number): Promise<Poisoned[]>;
  /** Poisoned rows become waiting chunks again. @returns how many */
  retryPoisoned(ledger: string): Promise<number>;
  /** Rows that match the filter now: within the bound, and beyond it (exact, may take long). */
  remaining(job: BackfillJob): Promise<{ readonly within: number; readonly beyond: number }>;
  /** For keys that do not grow: begins another sweep over the same bound-less space. */
  sweepAgain(job: BackfillJob): Promise<void>;
  end(
    ledger: string,
    state: LedgerState,
    summary: Readonly<Record<string, unknown>>,
    error?: ErrorInfo,
  ): Promise<void>;
  control(ledger: string, change: BackfillControl): Promise<boolean>;
  head(ledger: string): Promise<LedgerHead | undefined>;
  /** Newest last. Reads only; a missing ledger reads as empty. */
  list(): Promise<LedgerHead[]>;
  health(job: BackfillJob): Promise<Health>;
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
