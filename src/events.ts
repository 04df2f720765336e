import type { ErrorInfo } from './errors.ts';
import type { Health } from './ports/backfill.ts';
import type { BackfillControl, LedgerProgress } from './ports/backfill-ledger.ts';
import type { BackfillSummary } from './ports/backfill-spec.ts';
import type { SyncOperation } from './ports/definition.ts';
import type { Target } from './ports/driver.ts';
import type { Finding, FindingSummary } from './ports/finding.ts';
import type { Direction } from './ports/migration.ts';
import type { LockHolder, Outcome } from './ports/session.ts';

/** Which run an event is about. */
export interface RunRef {
  readonly run: string;
  readonly id: string;
  readonly direction: Direction;
}

/** Which backfill an event is about. */
export interface BackfillRef {
  /** `backfill:NAME`, or `migration:VERSION:NAME`. */
  readonly ledger: string;
  readonly name: string;
}

/** Where a backfill stands. */
export interface BackfillGauge {
  readonly progress: LedgerProgress;
  /** Rows in all, as known when it began; an estimate unless `exact`. */
  readonly total: number;
  readonly exact: boolean;
  /** Rows a second, by all workers, lately. */
  readonly rate: number;
  readonly etaMs?: number | undefined;
  readonly chunkSize: number;
  /** Chunks this process works on at once, at most. */
  readonly lanes: number;
  readonly workers: number;
  readonly health: Health;
}

/**
 * All that can happen, as one closed union. Terminal, JSON lines, log files and
 * dashboard show these and nothing else.
 */
export type GodwitEvent =
  | { readonly type: 'target'; readonly target: Target; readonly command: string }
  | {
      readonly type: 'lock.waiting';
      readonly holder: LockHolder | undefined;
      readonly waitedMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'lock.acquired';
      readonly fence: number;
      readonly waitedMs: number;
      readonly succeeded?: LockHolder | undefined;
    }
  | { readonly type: 'lock.lost'; readonly error: ErrorInfo }
  | { readonly type: 'lock.released'; readonly fence: number }
  | { readonly type: 'history.imported'; readonly mirror: string; readonly ids: readonly string[] }
  | {
      readonly type: 'plan.ready';
      readonly direction: Direction;
      readonly ids: readonly string[];
      readonly fingerprint: string;
    }
  | (RunRef & {
      readonly type: 'run.started';
      readonly index: number;
      readonly total: number;
      readonly description?: string | undefined;
    })
  | (RunRef & { readonly type: 'run.log'; readonly message: string })
  | (RunRef & {
      readonly type: 'run.statement';
      readonly statement: number;
      readonly total: number;
      readonly transactional: boolean;
    })
  | (RunRef & {
      readonly type: 'run.retrying';
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
      readonly blockers: readonly string[];
    })
  | (RunRef & { readonly type: 'run.ended'; readonly outcome: Outcome })
  | (BackfillRef & {
      readonly type: 'backfill.started';
      readonly target: string;
      readonly total: number;
      readonly exact: boolean;
      readonly guarantee: 'exactly-once' | 'at-least-once';
      /** Rows that were done before, when it is resumed or joined. */
      readonly resumedAt?: number | undefined;
      readonly notes: readonly string[];
    })
  | (BackfillRef & BackfillGauge & { readonly type: 'backfill.progress' })
  | (BackfillRef & {
      /** Once when it comes to rest, and once with no `reason` when it goes on. */
      readonly type: 'backfill.paused';
      readonly reason: string | undefined;
      readonly control: BackfillControl;
    })
  | (BackfillRef & {
      readonly type: 'backfill.retry';
      readonly chunk: number | undefined;
      readonly attempt: number;
      readonly delayMs: number;
      readonly action: 'again' | 'split' | 'set-aside';
      readonly error: ErrorInfo;
    })
  | (BackfillRef & {
      readonly type: 'backfill.ended';
      readonly summary: BackfillSummary;
      readonly error?: ErrorInfo | undefined;
    })
  | {
      readonly type: 'backup.started';
      readonly id: string;
      readonly action: 'create' | 'restore' | 'verify';
      /** What makes it, such as `pg_dump 18.1`. */
      readonly tool: string;
      /** Expected, in bytes; 0 where it is not known. */
      readonly bytes: number;
    }
  | {
      readonly type: 'backup.progress';
      readonly id: string;
      readonly name: string;
      readonly done: number;
      readonly total: number;
      readonly rows: number;
    }
  | {
      readonly type: 'backup.ended';
      readonly id: string;
      readonly action: 'create' | 'restore' | 'verify';
      readonly tool: string;
      /** The backup's folder, absolute. */
      readonly folder: string;
      /** The plain file beside it, absolute, when one was written. */
      readonly plain?: string | undefined;
      readonly bytes: number;
      readonly durationMs: number;
      readonly notes: readonly string[];
      readonly error?: ErrorInfo | undefined;
    }
  | {
      /** `before` a plan, to know what was there already; `after` it; after `each` migration. */
      readonly type: 'validation.started';
      readonly when: 'alone' | 'before' | 'after' | 'each';
      /** The migration that it follows. */
      readonly id?: string | undefined;
    }
  | { readonly type: 'validation.finding'; readonly finding: Finding }
  | {
      readonly type: 'validation.ended';
      readonly when: 'alone' | 'before' | 'after' | 'each';
      readonly id?: string | undefined;
      readonly summary: FindingSummary;
      readonly durationMs: number;
    }
  /** A command could not begin, or ended otherwise than by a migration that failed. */
  | { readonly type: 'command.failed'; readonly command: string; readonly error: ErrorInfo }
  | { readonly type: 'sync.started'; readonly operations: readonly SyncOperation[] }
  | {
      readonly type: 'sync.operation';
      readonly operation: SyncOperation;
      readonly index: number;
      readonly total: number;
    }
  | {
      /** Of an index build; `total` 0: not known. */
      readonly type: 'sync.progress';
      readonly operation: string;
      readonly phase: string;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly type: 'sync.done';
      readonly operation: SyncOperation;
      readonly status: 'done' | 'failed';
      readonly durationMs: number;
      readonly error?: ErrorInfo | undefined;
    }
  | { readonly type: 'stopping'; readonly signal: string; readonly at: 'once' | 'after-current' }
  | { readonly type: 'warning'; readonly code: string; readonly message: string };

export type Emit = (event: GodwitEvent) => void;
