import type { ErrorInfo } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { BackfillJob, Chunk, Fault, ReadRow, RowChange } from '../../ports/backfill-job.ts';
import type { LedgerState } from '../../ports/backfill-ledger.ts';
import type { Timers } from '../../ports/clock.ts';
import type { Actor } from '../../ports/history.ts';
import type { Draw } from './draw.ts';
import type { Plan } from './resolve.ts';

/** What one process needs to work on one ledger. */
export interface WorkParts {
  readonly backfills: Backfills;
  readonly job: BackfillJob;
  readonly plan: Plan;
  /** Of a transform. */
  readonly draw?: Draw | undefined;
  readonly worker: { readonly id: string; readonly by: Actor };
  readonly timers: Timers;
  readonly emit: Emit;
  /** Finish the chunks under way, then stop. */
  readonly stop: AbortSignal;
  /** Stop at once. */
  readonly abort: AbortSignal;
}

/** Why a process stopped working on a ledger. */
export type WorkEnd =
  /** Nothing is left to claim or under way, anywhere. */
  | { readonly type: 'done' }
  /** As many chunks as it was given are done. */
  | { readonly type: 'drained' }
  | { readonly type: 'stopped' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly error: ErrorInfo }
  /** Somebody else ended it, or began it anew. */
  | { readonly type: 'ended'; readonly state: LedgerState };

/** A chunk that was claimed, and read where a transform works on it. */
export interface Fetched {
  readonly chunk: Chunk;
  /** Rows of the key space it covers. */
  readonly size: number;
  readonly work?: { readonly rows: readonly ReadRow[]; readonly changes: readonly RowChange[] };
  readonly readMs: number;
  /** Reading it failed. */
  readonly fault?: Fault | undefined;
}
