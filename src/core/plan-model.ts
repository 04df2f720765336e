import type { ErrorCode } from '../errors.ts';
import type { VersionRecord } from '../ports/history.ts';
import type { Direction, Migration, TransactionMode } from '../ports/migration.ts';
import type { LockHolder } from '../ports/session.ts';
import type { SourceProblem } from '../ports/source.ts';

export interface Plan {
  readonly direction: Direction;
  readonly steps: readonly PlanStep[];
  /** Every reason not to run it, all at once. One of severity `error` stops it. */
  readonly problems: readonly PlanProblem[];
  /** Of the folder, the history and the steps: `up --plan` insists on it. */
  readonly fingerprint: string;
}

export interface PlanStep {
  readonly id: string;
  readonly version: string;
  readonly direction: Direction;
  /** As declared, or as predicted; `auto` where the driver will decide. */
  readonly transaction: TransactionMode;
  /** Why it is in the plan (`pending`), and why SQL is run without a transaction. */
  readonly reasons: readonly string[];
  readonly migration: Migration;
  /** What the history says of it so far. */
  readonly record: VersionRecord | undefined;
}

export interface PlanProblem {
  readonly code: ErrorCode;
  readonly severity: 'error' | 'warning';
  readonly id?: string | undefined;
  readonly message: string;
  readonly fix: string;
}

export interface PlanRequest {
  readonly direction: Direction;
  readonly to?: string | undefined;
  readonly steps?: number | undefined;
  readonly all?: boolean | undefined;
  readonly only?: string | undefined;
  readonly retry?: boolean | undefined;
  readonly outOfOrder: 'warn' | 'refuse' | 'allow';
}

export interface PlanInput {
  readonly migrations: readonly Migration[];
  readonly problems: readonly SourceProblem[];
  /** From the history, mirrors merged in. */
  readonly records: readonly VersionRecord[];
  /** Somebody else who holds the lock. */
  readonly holder?: LockHolder | undefined;
  readonly request: PlanRequest;
}

/** What a direction's planner returns: what to run, and what speaks against it. */
export interface Draft {
  readonly steps: readonly PlanStep[];
  readonly problems: readonly PlanProblem[];
}
