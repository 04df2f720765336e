import type { Backfills, Health } from '../../ports/backfill.ts';
import type { BackfillControl, HeartbeatAnswer } from '../../ports/backfill-ledger.ts';
import type { Timers } from '../../ports/clock.ts';
import { ChunkSize } from './chunk-size.ts';
import { assessHealth, type Verdict } from './health-limits.ts';
import { LaneCount } from './lane-count.ts';
import { RateLimit } from './rate-limit.ts';
import type { Plan } from './resolve.ts';
import { untilOpen } from './windows.ts';

/** How large a chunk of rows may be in memory. */
const CHUNK_BYTES = 8 * 2 ** 20;
const HEALTH_EVERY_MS = 4_000;

/** How fast one process may work: all that slows it down or stops it for a while. */
export class Pace {
  readonly size: ChunkSize;
  readonly lanes: LaneCount;
  health: Health = {};
  control: BackfillControl;
  readonly #plan: Plan;
  readonly #timers: Timers;
  readonly #rate = new RateLimit();
  #verdict: Verdict = { pace: 'go' };
  #healthAt = Number.NEGATIVE_INFINITY;

  constructor(plan: Plan, timers: Timers, rowBytes: number | undefined) {
    this.#plan = plan;
    this.#timers = timers;
    this.control = plan.control;
    this.size = new ChunkSize(plan.chunk);
    this.lanes = new LaneCount(plan.lanes);
    if (rowBytes !== undefined) this.size.capAt(CHUNK_BYTES / Math.max(rowBytes, 1));
    this.#rate.set(plan.control.maxRate ?? 0, timers.now());
  }

  /** What others asked for goes before what the definition says. */
  hear({ control, workers }: HeartbeatAnswer, rowsPerSecond: number): void {
    const asked = Object.entries(control).filter(([, value]) => value !== undefined);
    this.control = { ...this.#plan.control, ...Object.fromEntries(asked) };
    const now = this.#timers.now();
    this.#rate.set((this.control.maxRate ?? 0) / Math.max(workers, 1), now);
    this.size.ask(this.control.chunk);
    this.lanes.ask(this.control.concurrency ?? 0);
    this.lanes.note(now, rowsPerSecond, this.#verdict.pace === 'slow');
  }

  /** Asks the server how it is, now and then. A server that does not tell is well. */
  async look(
    backfills: Pick<Backfills, 'health'>,
    job: Parameters<Backfills['health']>[0],
  ): Promise<void> {
    const now = this.#timers.now();
    if (now - this.#healthAt < HEALTH_EVERY_MS) return;
    this.#healthAt = now;
    this.health = await backfills.health(job).catch(() => ({}));
    const maxLagMs = this.control.maxLagMs ?? this.#plan.health.maxLagMs;
    this.#verdict = assessHealth(this.health, { ...this.#plan.health, maxLagMs });
  }

  /** Why nothing new may begin; undefined when it may. */
  rest(): string | undefined {
    if (this.control.paused) return 'paused by hand';
    if (this.#verdict.pace === 'rest') return this.#verdict.reason;
    const closed = untilOpen(this.#plan.windows, this.#timers.date());
    if (closed > 0) return `outside its hours, for another ${Math.ceil(closed / 60_000)} min`;
    return undefined;
  }

  /** Before a chunk, in ms. */
  waitMs(): number {
    return this.#rate.waitMs(this.#timers.now());
  }

  nextSize(): number {
    return Math.min(this.size.current, this.#rate.largestChunk());
  }

  /** @returns how long to be nice after it, in ms */
  spent(rows: number, ms: number): number {
    this.#rate.spend(rows, this.#timers.now());
    const nice = Math.min(this.control.nice ?? 0, 0.9);
    return nice > 0 ? (ms * nice) / (1 - nice) : 0;
  }

  read(rows: number, bytes: number | undefined): void {
    if (bytes !== undefined && bytes > CHUNK_BYTES) this.size.capAt((rows * CHUNK_BYTES) / bytes);
  }
}
