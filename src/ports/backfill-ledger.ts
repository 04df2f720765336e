import type { ErrorInfo } from '../errors.ts';
import type { KeyValue } from './backfill-job.ts';
import type { Actor } from './history.ts';

/**
 * `paused` is `running` with `control.paused`. A `failed` one is resumed by `begin`. One that
 * is `undoing` becomes `undone`, and nothing else.
 */
export type LedgerState =
  | 'running'
  | 'paused'
  | 'complete'
  | 'failed'
  | 'cancelled'
  | 'undoing'
  | 'undone';

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
  /** Rows of a chunk, by all workers. */
  readonly chunk?: number | undefined;
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
