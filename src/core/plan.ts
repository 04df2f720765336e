import { createHash } from 'node:crypto';
import type { ErrorCode } from '../errors.ts';
import type { LockHolder } from '../ports/driver.ts';
import type { VersionRecord } from '../ports/history.ts';
import type { Direction, Migration, TransactionMode } from '../ports/migration.ts';
import type { SourceProblem } from '../ports/source.ts';
import { planDown } from './plan-down.ts';
import { planUp } from './plan-up.ts';
import { joinStates, type MigrationStatus } from './state.ts';

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

/**
 * Pure: the same input gives the same plan. Problems never hide each other, and a plan
 * with an error still lists the steps it would have had.
 */
export function computePlan(input: PlanInput): Plan {
  const { request } = input;
  const statuses = joinStates(input.migrations, input.records, input.holder);
  const draft =
    request.direction === 'up' ? planUp(statuses, request) : planDown(statuses, request);
  return {
    direction: request.direction,
    steps: draft.steps,
    problems: [...input.problems.map(fromSource), ...draft.problems],
    fingerprint: fingerprint(statuses, draft.steps),
  };
}

function fromSource(problem: SourceProblem): PlanProblem {
  return { code: problem.code, severity: 'error', message: problem.message, fix: problem.fix };
}

/** The idea of comparing a fingerprint before a plan is applied is pgschema's. */
function fingerprint(statuses: readonly MigrationStatus[], steps: readonly PlanStep[]): string {
  const hash = createHash('sha256');
  for (const { version, state, migration, record } of statuses) {
    hash.update(
      JSON.stringify([version, state, migration?.id, migration?.checksum?.raw, record?.checksum]),
    );
  }
  for (const step of steps) hash.update(JSON.stringify([step.direction, step.version]));
  return hash.digest('hex').slice(0, 16);
}
