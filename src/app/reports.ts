import type { Plan } from '../core/plan.ts';
import type { MigrationState } from '../core/state.ts';
import type { ErrorInfo } from '../errors.ts';
import type { SyncOperation } from '../ports/definition.ts';
import type { Diagnosis } from '../ports/driver.ts';
import type { Finding, FindingSummary } from '../ports/finding.ts';
import type { Actor, Counts, Via } from '../ports/history.ts';
import type { Direction, Kind } from '../ports/migration.ts';
import type { Dropped, LockHolder } from '../ports/session.ts';
import type { BackupTaken } from './backup/types.ts';
import type { SyncReport, SyncResult } from './sync/types.ts';

/** `setup --json`. */
export interface SetupReport {
  readonly migrations: RunReport;
  /** Null when there is nothing to bring in line, or `up` did it already (config `sync`). */
  readonly sync: SyncReport | null;
  /** Null when what comes before them did not succeed. */
  readonly seeds: RunReport | null;
}

/** `reset --json`. */
export interface ResetReport {
  readonly database: StatusReport['database'];
  readonly dropped: readonly Dropped[];
  readonly dryRun: boolean;
}

/** `up --json`, `down --json`, `redo --json`. */
export interface RunReport {
  readonly runs: readonly RunResult[];
  readonly summary: {
    readonly applied: number;
    readonly reverted: number;
    readonly failed: number;
    readonly remaining: number;
  };
  readonly durationMs: number;
  /** What was brought in line after the migrations, where the config's `sync` asks for it. */
  readonly definitions?: readonly SyncResult[] | undefined;
  /** Problems of the plan that did not stop it, such as out-of-order files. */
  readonly warnings: readonly {
    readonly code: string;
    readonly message: string;
    readonly id?: string | undefined;
  }[];
  /** The copy that was taken before the first run. */
  readonly backup?: BackupTaken | undefined;
  /** What the run brought about, where it was validated: not what was found before it. */
  readonly validation?: ValidationReport | undefined;
  /**
   * Set when stopped by Ctrl-C, a lost lock, a failed hook or what validation found; the CLI
   * exits with its code.
   */
  readonly error?: ErrorInfo | undefined;
}

export interface RunResult {
  readonly id: string;
  readonly version: string;
  readonly direction: Direction;
  readonly status: 'applied' | 'reverted' | 'failed' | 'stopped';
  readonly durationMs: number;
  /** What the migration returned. */
  readonly result?: unknown;
  /** What was done per collection, where the driver sees it. */
  readonly counts?: Counts | undefined;
  readonly error?: ErrorInfo | undefined;
}

/** `status --json`. */
export interface StatusReport {
  readonly database: { readonly driver: string; readonly name: string; readonly host: string };
  readonly migrations: readonly StatusEntry[];
  readonly summary: Readonly<Record<MigrationState, number>>;
  /** The same of the seeds, where the project has any. */
  readonly seeds?: Readonly<Record<MigrationState, number>> | undefined;
  readonly lock: LockHolder | null;
  /** How collections and indexes differ from what is defined, where the config's `sync` asks for it. */
  readonly definitions?: readonly SyncOperation[] | undefined;
  /** Duplicates, unreadable names and the like. */
  readonly problems: Plan['problems'];
}

export interface StatusEntry {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly description: string | null;
  readonly author: string | null;
  readonly kind: Kind;
  readonly state: MigrationState;
  readonly appliedAt: string | null;
  readonly durationMs: number | null;
  readonly checksum: string | null;
  readonly file: string | null;
  /** Of a failed run, or of a revert that failed. */
  readonly error?: ErrorInfo | undefined;
}

/** `history --json`, newest last. */
export interface HistoryReport {
  readonly runs: readonly HistoryRun[];
}

export interface HistoryRun {
  readonly run: string;
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly kind: Kind;
  readonly direction: Direction;
  readonly status: 'applied' | 'reverted' | 'failed' | 'running' | 'interrupted' | 'accepted';
  readonly via: Via | null;
  readonly description: string | null;
  readonly author: string | null;
  readonly checksum: string | null;
  readonly at: string;
  readonly durationMs: number | null;
  readonly error: ErrorInfo | null;
  readonly result: unknown;
  readonly counts: Counts | null;
  readonly reason: string | null;
  readonly backup: string | null;
  readonly by: Actor;
  readonly fence: number;
}

/** `show ID --json`. */
export interface ShowReport {
  readonly migration: StatusEntry;
  /** The source files, relative, with their text. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
  readonly runs: readonly HistoryRun[];
}

/** `validate --json`. */
export interface ValidationReport {
  readonly findings: readonly Finding[];
  readonly summary: FindingSummary;
}

/** `lint --json`. */
export interface LintReport {
  readonly findings: readonly Finding[];
  readonly summary: FindingSummary;
}

export interface DoctorReport {
  readonly diagnoses: readonly Diagnosis[];
  readonly summary: { readonly ok: number; readonly warning: number; readonly error: number };
}

export interface RecordReport {
  readonly records: readonly {
    readonly id: string;
    readonly version: string;
    readonly status: string;
  }[];
}
