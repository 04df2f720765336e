import type { DryRun } from '../../core/backfill/dry-run.ts';
import type { WorkEnd } from '../../core/backfill/work-parts.ts';
import type { ErrorInfo } from '../../errors.ts';
import type { UndoResult } from '../../ports/backfill.ts';
import type {
  BackfillControl,
  LedgerHead,
  Poisoned,
  WorkerInfo,
} from '../../ports/backfill-ledger.ts';
import type {
  BackfillOverrides,
  BackfillSpec,
  BackfillSummary,
} from '../../ports/backfill-spec.ts';
import type { WriteOptions } from '../options.ts';
import type { PublicIdsOptions, PublicIdsReport } from '../public-ids/types.ts';

export interface BackfillRunOptions extends BackfillOverrides, WriteOptions {
  /** Begin anew what is complete or cancelled: rows that were done are done again. */
  readonly again?: boolean | undefined;
  /** Go on although the definition is another one than the ledger was begun with. */
  readonly acceptDefinition?: boolean | undefined;
}

/** `backfill run --json`, `backfill retry --json`. */
export interface BackfillReport {
  readonly summary: BackfillSummary;
  /** False when it was complete before. */
  readonly ran: boolean;
  readonly error?: ErrorInfo | undefined;
}

/**
 * `new`: never run. `interrupted`: not ended, and nobody works on it. `undoing`: an undo was
 * begun, and has not come to its end.
 */
export type BackfillState =
  | 'new'
  | 'running'
  | 'paused'
  | 'interrupted'
  | 'complete'
  | 'failed'
  | 'cancelled'
  | 'undoing'
  | 'undone';

/** `backfill status --json`, `backfill list --json`. */
export interface BackfillEntry {
  readonly name: string;
  /** Null when it was never run. */
  readonly ledger: string | null;
  /** Null when it belongs to a migration, or its file is gone. */
  readonly file: string | null;
  readonly state: BackfillState;
  readonly target: string;
  readonly generation: number;
  readonly sweep: number;
  readonly guarantee: LedgerHead['guarantee'] | null;
  readonly progress: LedgerHead['progress'] | null;
  readonly total: number | null;
  /** False: `total` is an estimate. */
  readonly exact: boolean;
  /** 0 to 1, as far as `total` is right. */
  readonly done: number | null;
  /** Rows a second since it was begun, while somebody works. */
  readonly rate: number | null;
  readonly etaMs: number | null;
  readonly control: BackfillControl;
  readonly workers: readonly WorkerInfo[];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly error: ErrorInfo | null;
  readonly summary: Readonly<Record<string, unknown>> | null;
}

export interface BackfillListing {
  readonly backfills: readonly BackfillEntry[];
}

export interface BackfillStatus {
  readonly backfill: BackfillEntry;
  /** Rows set aside, with why; at most 100. */
  readonly poisoned: readonly Poisoned[];
}

export interface BackfillControlReport {
  readonly name: string;
  readonly ledger: string;
  readonly control: BackfillControl;
  readonly state: BackfillState;
  /** Workers that will hear of it. */
  readonly workers: number;
}

export interface BackfillUndoReport extends UndoResult {
  readonly name: string;
  readonly ledger: string;
  readonly durationMs: number;
  /** Set when it was stopped: it goes on when it is called again. */
  readonly error?: ErrorInfo | undefined;
}

/**
 * Large data changes. A backfill is named by its file in `backfills/`, by the name it is
 * registered under, or by its ledger (`migration:7:users`), or given as its definition.
 */
export interface BackfillApi {
  /**
   * Begins, resumes or joins it. A failed one does not reject, it is in the report.
   * Throws GODWIT_BACKFILL_UNKNOWN, GODWIT_BACKFILL_INVALID, GODWIT_BACKFILL_CHANGED,
   * GODWIT_BACKFILL_BUSY.
   */
  run(backfill: string | BackfillSpec, options?: BackfillRunOptions): Promise<BackfillReport>;
  /** What it would do, from a sample. Writes nothing. */
  dryRun(backfill: string | BackfillSpec, options?: BackfillRunOptions): Promise<DryRun>;
  /**
   * Gives the rows of the registry's tables that have no public id one: the unique index
   * first, NOT NULL after. What is there already is left; it can be called again at any time.
   * A failure does not reject, it is in the report.
   * Throws GODWIT_PUBLIC_IDS_INVALID.
   */
  publicIds(options?: PublicIdsOptions): Promise<PublicIdsReport>;
  list(): Promise<BackfillListing>;
  status(name: string): Promise<BackfillStatus>;
  pause(name: string): Promise<BackfillControlReport>;
  resume(name: string): Promise<BackfillControlReport>;
  cancel(name: string): Promise<BackfillControlReport>;
  /** 0 takes a limit away. */
  throttle(name: string, control: BackfillControl): Promise<BackfillControlReport>;
  /** Tries the rows again that were set aside. */
  retry(backfill: string | BackfillSpec, options?: BackfillRunOptions): Promise<BackfillReport>;
  /**
   * Puts back what `backup: 'touched'` kept, where it is still as the backfill left it: of a
   * backfill in any state on which nobody works, half done ones too.
   * Throws GODWIT_BACKFILL_UNKNOWN, GODWIT_BACKFILL_INVALID, GODWIT_BACKFILL_BUSY.
   */
  undo(backfill: string | BackfillSpec, options?: WriteOptions): Promise<BackfillUndoReport>;
  /**
   * Works on one that was begun, for at most so many chunks: what a queue's job does.
   * `end.type` is `drained` while there is more.
   */
  drain(
    backfill: string | BackfillSpec,
    options: WriteOptions & { readonly chunks: number },
  ): Promise<WorkEnd>;
}
