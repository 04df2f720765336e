import type { ErrorInfo } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { BackfillSpec, BackfillSummary } from './backfill-spec.ts';
import type { ApplyCall, SyncOperation } from './definition.ts';
import type {
  Actor,
  Counts,
  Effect,
  MirrorSpec,
  NewHistoryEvent,
  ResumePolicy,
  RunHeader,
} from './history.ts';
import type { CodeBody, CodeStep, SqlText, TransactionMode } from './migration.ts';
import type { PublicIdCall, PublicIdStep } from './public-ids.ts';

export interface LockHolder {
  readonly by: Actor;
  /** What it is doing, such as `up`. */
  readonly command: string;
  readonly since: Date;
  readonly fence: number;
  /** When its lease ends by the server's clock; undefined for a session lock. */
  readonly expiresAt?: Date | undefined;
  /** False when it is provably gone (expired, or its process is dead on this host). */
  readonly alive: boolean;
}

export interface AcquireOptions {
  readonly by: Actor;
  readonly command: string;
  /** How long to wait for another holder, in ms; 0 fails at once with GODWIT_LOCK_HELD. */
  readonly timeoutMs: number;
  /** Length of a lease, in ms. */
  readonly leaseMs: number;
  /** Ends the wait with GODWIT_STOPPED. */
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * One run, ready to be executed. The session must
 * 1. write `started` first where work and `ended` cannot commit together,
 * 2. run the step, then `verify` (inside the same transaction where there is one),
 * 3. write `ended`, in the work's transaction where there is one, together with the
 *    mirrors' documents,
 * 4. after a failure roll back what can be rolled back, then write `ended: failed`.
 */
export interface Job {
  readonly header: RunHeader;
  readonly step: JobStep;
  readonly verify?: JobStep | undefined;
  readonly transaction: TransactionMode;
  /** For `started`, when the run is outside a transaction. */
  readonly resume: ResumePolicy;
  /**
   * Where an earlier run of the same SQL stopped. `started` is then followed at once by
   * a `checkpoint` that repeats it, so that a second interruption does not forget it.
   */
  readonly checkpoint?:
    | {
        readonly statements: number;
        readonly prefix: string;
        readonly before?: boolean | undefined;
      }
    | undefined;
  readonly mirrors: readonly MirrorSpec[];
  readonly limits: Limits;
  readonly variables: Readonly<Record<string, string>>;
  readonly backup?: string | undefined;
  /**
   * What `ctx.backfill` calls, when nothing of the run's transaction was sent yet. Outside
   * a transaction, where nothing else was written either, the driver first appends another
   * `started` whose `resume` is `restart`, and one that says `ask` again before the first
   * write that follows: an interrupted run that went only through backfills resumes.
   */
  readonly backfill?: ((spec: BackfillSpec) => Promise<BackfillSummary>) | undefined;
  readonly emit: Emit;
  /** First Ctrl-C: finish or roll back. Aborts transactional work. */
  readonly stop: AbortSignal;
  /** Second Ctrl-C: stop at once. */
  readonly abort: AbortSignal;
}

export type JobStep =
  | { readonly type: 'sql'; readonly sql: SqlText }
  | { readonly type: 'code'; readonly run: CodeStep; readonly body: CodeBody };

export interface Limits {
  /** Longest wait for a lock inside a transaction, in ms; 0 is no limit. */
  readonly lockTimeoutMs: number;
  /** Longest single statement, in ms; 0 is no limit. */
  readonly statementTimeoutMs: number;
  /** How often work that met a lock time-out is tried again. */
  readonly lockRetries: number;
}

export interface Outcome {
  readonly status: 'applied' | 'reverted' | 'failed' | 'stopped';
  readonly effect: Effect;
  readonly durationMs: number;
  /** Whether work and record committed together. */
  readonly transactional: boolean;
  /** What the migration returned, as plain data. */
  readonly result?: unknown;
  readonly counts?: Counts | undefined;
  readonly error?: ErrorInfo | undefined;
  /** Of what a migration in JavaScript threw, without secrets. */
  readonly stack?: string | undefined;
  /** False when even the failure could not be recorded (the connection is gone). */
  readonly recorded: boolean;
}

/** Told of a series' runs as they happen. */
export interface SeriesProgress {
  begin(job: Job): void;
  end(job: Job, outcome: Outcome): void;
}

/** Something that `reset` drops. */
export interface Dropped {
  /** `collection`, `view`, `table`, `sequence`, `function`, `type` … */
  readonly kind: string;
  readonly name: string;
  /** Documents or rows; an estimate. */
  readonly count?: number | undefined;
}

export interface ResetScope {
  /** PostgreSQL: schemas whose objects are dropped, godwit's own beside. */
  readonly schemas: readonly string[];
}

/** Runs whose end was recorded, but not so that it survives the loss of one server. */
export interface Unsettled {
  readonly runs: readonly Pick<RunHeader, 'id' | 'direction'>[];
  readonly error: ErrorInfo;
}

/**
 * A held lock. Writing is possible only through it, and only while it is held: every
 * method throws GODWIT_LOCK_LOST, and writes nothing, once the lock is gone.
 */
export interface Session {
  readonly fence: number;
  /** Aborted with a GodwitError (GODWIT_LOCK_LOST, GODWIT_CONNECTION_LOST) as reason. */
  readonly lost: AbortSignal;
  /** Appends in order, all or nothing where the server can, and keeps mirrors in step. */
  append(events: readonly NewHistoryEvent[], mirrors: readonly MirrorSpec[]): Promise<void>;
  /** Never throws for a failed migration: that is an Outcome. */
  execute(job: Job): Promise<Outcome>;
  /**
   * As `execute` for one after the other, stopping after the first that does not succeed,
   * with fewer messages where several can share one. Absent: `execute` does it.
   * @returns outcomes of the jobs that were run, in order
   */
  executeSeries?(jobs: readonly Job[], progress: SeriesProgress): Promise<Outcome[]>;
  /**
   * All jobs and their records in one transaction; all fail if one does. With `reorder` one
   * that lacks what a later one makes is tried again behind it.
   */
  executeTogether(
    jobs: readonly Job[],
    options?: { readonly reorder?: boolean | undefined },
  ): Promise<Outcome[]>;
  /**
   * Does an operation's steps in order. Ones that were done already, by an attempt that was
   * killed, are done again without harm. Throws what the database says. Absent where the
   * driver has no `definitions`.
   */
  applyDefinition?(operation: SyncOperation, call: ApplyCall): Promise<void>;
  /**
   * Does one step of bringing public ids to a table; what is there already is left.
   * Throws GODWIT_PUBLIC_ID_CONFLICT where rows are in the way. Absent where the driver has
   * no `publicIds`.
   */
  applyPublicIds?(step: PublicIdStep, call: PublicIdCall): Promise<void>;
  /**
   * Waits until what `execute` recorded survives the loss of one server; before anything
   * is reported as done. Never throws. Absent where `execute` has waited already.
   */
  settle?(): Promise<Unsettled | undefined>;
  /**
   * Drops everything in scope, godwit's own records last, and what extensions own never.
   * Where the server can, all or nothing. The session can then only be released.
   */
  reset?(scope: ResetScope): Promise<readonly Dropped[]>;
  /** Settles, and releases only what this session holds. Safe to call twice. */
  release(): Promise<void>;
}
