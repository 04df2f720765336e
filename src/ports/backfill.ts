import type { ErrorInfo } from '../errors.ts';
import type {
  BackfillJob,
  Chunk,
  ChunkResult,
  Fault,
  KeyValue,
  ReadBatch,
  ReadRow,
  RowChange,
} from './backfill-job.ts';
import type {
  BackfillControl,
  HeartbeatAnswer,
  LedgerHead,
  LedgerState,
  Poisoned,
  WorkerReport,
} from './backfill-ledger.ts';
import type { Actor } from './history.ts';

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
  /** PostgreSQL: an autovacuum that guards against wraparound works on the table. */
  readonly vacuumUrgent?: boolean | undefined;
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

export interface UndoOptions {
  /** Who does it: registered as a worker, whose heartbeats the caller sends. */
  readonly worker: WorkerReport;
  /** Rows at a time. */
  readonly batch: number;
  readonly signal: AbortSignal;
  /** The ledger is taken: from now on the worker's heartbeats count. */
  onBegun(): void;
  onProgress(restored: number): void;
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
   * Throws GODWIT_BACKFILL_CHANGED, and GODWIT_BACKFILL_BUSY while it is `undoing`.
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
   * `complete` only while nothing is left to claim or under way; a `failed` one may still be
   * `cancelled`, an `undoing` one `undone`. @returns whether this call ended it
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
  /**
   * Makes the ledger `undoing`, takes every chunk from its worker (what one has under way
   * commits before that or never, where there are transactions), and restores touched rows
   * that are still as the backfill left them. Resumable. Throws GODWIT_BACKFILL_BUSY while
   * others work on it or undo it, also when they took it over from a process that was
   * stopped for long; GODWIT_BACKFILL_INVALID when nothing was kept of what it changed.
   */
  undo(job: BackfillJob, options: UndoOptions): Promise<UndoResult>;
  close(): Promise<void>;
}
