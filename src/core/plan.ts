import type { ErrorCode } from '../errors.ts';
import type { Direction, Migration, TransactionMode } from '../ports/migration.ts';
import type { VersionRecord } from '../ports/history.ts';

export interface Plan {
  readonly direction: Direction;
  readonly steps: readonly PlanStep[];
  /** Every reason not to run it, all at once. One of severity `error` stops it. */
  readonly problems: readonly PlanProblem[];
  /** Of the folder, the history and the request: `up --plan` insists on it. */
  readonly fingerprint: string;
}

export interface PlanStep {
  readonly id: string;
  readonly version: string;
  readonly direction: Direction;
  /** As declared; `auto` where the driver will decide. */
  readonly transaction: TransactionMode;
  /** Why it is in the plan, such as `pending` or `interrupted, declared idempotent`. */
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
