import type { BackfillGauge } from '../../events.ts';
import type { ChunkResult } from '../../ports/backfill-job.ts';
import type { HeartbeatAnswer, LedgerHead, LedgerProgress } from '../../ports/backfill-ledger.ts';
import type { Timers } from '../../ports/clock.ts';
import { Durations } from './durations.ts';
import type { Pace } from './pace.ts';
import { Speed } from './speed.ts';

const EMIT_EVERY_MS = 250;

/** What has been done: the ledger's numbers, and this process's own since they were read. */
export class Meter {
  readonly chunks = new Durations();
  readonly #timers: Timers;
  readonly #head: LedgerHead;
  readonly #speed = new Speed();
  #base: LedgerProgress;
  #since = { rows: 0, changed: 0, deleted: 0, conflicts: 0, poisoned: 0, chunks: 0, retries: 0 };
  #workers = 1;
  #emittedAt = Number.NEGATIVE_INFINITY;
  /** Rows that this process has worked on. */
  rows = 0;

  constructor(head: LedgerHead, timers: Timers) {
    this.#head = head;
    this.#timers = timers;
    this.#base = head.progress;
    this.#speed.note(head.progress.rows, timers.now());
  }

  done(result: ChunkResult, ms: number): void {
    const since = this.#since;
    since.rows += result.rows;
    since.changed += result.changed;
    since.deleted += result.deleted;
    since.conflicts += result.conflicts;
    since.poisoned += result.poisoned;
    since.chunks++;
    this.rows += result.rows;
    this.chunks.note(ms);
    this.#speed.note(this.progress.rows, this.#timers.now());
  }

  /** Goes on counting where another one of the same run stopped. */
  continue(before: Meter): void {
    this.chunks.add(before.chunks);
    this.rows += before.rows;
  }

  retried(): void {
    this.#since.retries++;
  }

  hear({ progress, workers }: HeartbeatAnswer): void {
    this.#base = progress;
    this.#workers = workers;
    this.#since = {
      rows: 0,
      changed: 0,
      deleted: 0,
      conflicts: 0,
      poisoned: 0,
      chunks: 0,
      retries: 0,
    };
    this.#speed.note(progress.rows, this.#timers.now());
  }

  rested(): void {
    this.#speed.reset();
  }

  get rate(): number {
    return this.#speed.rowsPerSecond;
  }

  get progress(): LedgerProgress {
    const [base, since] = [this.#base, this.#since];
    return {
      ...base,
      rows: base.rows + since.rows,
      changed: base.changed + since.changed,
      deleted: base.deleted + since.deleted,
      conflicts: base.conflicts + since.conflicts,
      poisoned: base.poisoned + since.poisoned,
      chunksDone: base.chunksDone + since.chunks,
      retries: base.retries + since.retries,
    };
  }

  /** About four times a second, however often it is asked. */
  gauge(pace: Pace): BackfillGauge | undefined {
    const now = this.#timers.now();
    if (now - this.#emittedAt < EMIT_EVERY_MS) return undefined;
    this.#emittedAt = now;
    const { progress } = this;
    const { total, exact } = this.#head;
    const etaMs = this.#speed.eta(Math.max(0, total - progress.rows));
    return {
      progress,
      total,
      exact,
      rate: Math.round(this.rate),
      ...(etaMs !== undefined && { etaMs: Math.round(etaMs) }),
      chunkSize: pace.nextSize(),
      lanes: pace.lanes.current,
      workers: this.#workers,
      health: pace.health,
    };
  }
}
