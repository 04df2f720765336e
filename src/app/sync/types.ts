import type { ErrorInfo } from '../../errors.ts';
import type { SyncOperation } from '../../ports/definition.ts';
import type { WriteOptions } from '../options.ts';

export interface SyncPlanOptions {
  /** Overrides the config's `sync.rebuild`. */
  readonly rebuild?: boolean | undefined;
  /** Overrides the config's `sync.hideFor`, in ms. */
  readonly hideForMs?: number | undefined;
  /** Overrides the config's `sync.drop`. */
  readonly drop?: boolean | undefined;
  /** Look for what a unique index would fail on. Default `true`. */
  readonly precheck?: boolean | undefined;
}

export interface SyncOptions extends SyncPlanOptions, WriteOptions {
  /** Insist on this fingerprint: GODWIT_PLAN_CHANGED otherwise. */
  readonly plan?: string | undefined;
  /** A person agreed to what is taken away. In production nothing is without it. */
  readonly confirmed?: boolean | undefined;
}

/** `sync --check --json`, `sync --dry-run --json`: the difference, in the order it is done. */
export interface SyncPlan {
  readonly definitions: readonly SyncOperation[];
  readonly summary: {
    /** Collections and views that are defined. */
    readonly defined: number;
    readonly pending: number;
    readonly blocked: number;
    readonly waiting: number;
  };
  readonly drift: boolean;
  readonly fingerprint: string;
}

export interface SyncResult extends Omit<SyncOperation, 'status'> {
  /**
   * `withheld`: in production, and nobody confirmed it. `skipped`: stopped before it, or what
   * it would follow failed.
   */
  readonly status: 'done' | 'failed' | 'blocked' | 'waiting' | 'withheld' | 'skipped';
  readonly durationMs: number;
  readonly error?: ErrorInfo | undefined;
}

/** `sync --json`. */
export interface SyncReport {
  readonly definitions: readonly SyncResult[];
  readonly summary: Readonly<Record<SyncResult['status'], number>>;
  readonly durationMs: number;
  /** The CLI exits with its code. */
  readonly error?: ErrorInfo | undefined;
}
