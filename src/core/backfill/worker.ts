import type { LedgerHead } from '../../ports/backfill-ledger.ts';
import { Blame } from './blame.ts';
import { ChunkWork } from './chunk-work.ts';
import { Claims } from './claims.ts';
import { Drawn } from './drawn.ts';
import { Ending, untilAborted } from './ending.ts';
import { Faulted, type Patience, patiently } from './faults.ts';
import { Meter } from './meter.ts';
import { Pace } from './pace.ts';
import type { Fetched, WorkEnd, WorkParts } from './work-parts.ts';

const HEARTBEAT_MS = 1_500;
const IDLE_MS = 500;
const RESTING_MS = 250;
/** One process at work on one ledger, with as many chunks at once as its pace allows. */
export class BackfillWorker {
  readonly meter: Meter;
  readonly pace: Pace;
  readonly #parts: WorkParts;
  readonly #generation: number;
  readonly #chunks: ChunkWork;
  readonly #patience: Patience;
  readonly #ending = new Ending();
  readonly #running = new Set<Promise<void>>();
  #lanes = 0;
  #wake = new AbortController();
  #resting: string | undefined;

  constructor(parts: WorkParts, head: LedgerHead, rowBytes: number | undefined) {
    const { backfills, job, plan, timers, worker } = parts;
    const ending = this.#ending;
    this.#parts = parts;
    this.#generation = head.generation;
    this.meter = new Meter(head, timers);
    this.pace = new Pace(plan, timers, rowBytes);
    this.#patience = {
      backfills,
      timers,
      ending: ending.signal,
      onRetry: (retry) => blame.retry({ ...retry, action: 'again' }),
    };
    const { meter, pace } = this;
    const drawn = parts.draw && new Drawn(parts.draw);
    const shared = { parts, meter, pace, drawn, patience: this.#patience, ending };
    const blame = new Blame(shared);
    const claims = new Claims(backfills, job, worker.id, this.#patience);
    this.#chunks = new ChunkWork({ ...shared, claims, blame, tell: () => this.#tell() });
    ending.signal.addEventListener('abort', () => this.#wake.abort(), { once: true });
  }

  /**
   * Works until nothing is left, or something ends it.
   *
   * @param chunks how many at most
   */
  async run(chunks = Number.POSITIVE_INFINITY): Promise<WorkEnd> {
    const { stop, abort, backfills, job, worker } = this.#parts;
    this.#chunks.allow(chunks);
    const onStop = (): void => this.#ending.finish({ type: 'stopped' });
    for (const signal of [stop, abort]) {
      if (signal.aborted) onStop();
      else signal.addEventListener('abort', onStop, { once: true });
    }
    try {
      await patiently(this.#patience, undefined, () => this.#beat());
      const beating = this.#heartbeats();
      beating.catch(() => undefined);
      await untilAborted(this.#work(), abort);
      this.#ending.finish({ type: 'drained' });
      await untilAborted(beating, abort);
    } catch (thrown) {
      this.#ending.finish(this.#failure(thrown));
    } finally {
      for (const signal of [stop, abort]) signal.removeEventListener('abort', onStop);
    }
    const leave = backfills.letGo(job.ledger, worker.id, []).catch(() => undefined);
    await untilAborted(leave, abort).catch(() => undefined);
    return this.#ending.reason ?? { type: 'stopped' };
  }

  #failure(thrown: unknown): WorkEnd {
    if (this.#parts.abort.aborted) return { type: 'stopped' };
    const fault = thrown instanceof Faulted ? thrown.fault : this.#parts.backfills.classify(thrown);
    return { type: 'failed', error: fault.error };
  }

  async #work(): Promise<void> {
    this.#addLanes();
    while (this.#running.size > 0) await Promise.race(this.#running);
  }

  #addLanes(): void {
    while (!this.#ending.over && this.#lanes < this.pace.lanes.current) {
      const lane = this.#lane(this.#lanes++)
        .catch((thrown: unknown) => this.#ending.finish(this.#failure(thrown)))
        .finally(() => this.#running.delete(lane));
      this.#running.add(lane);
    }
  }

  /** One chunk after the other; the next is read while the present one is written. */
  async #lane(index: number): Promise<void> {
    let next: Promise<Fetched | undefined> | undefined;
    for (;;) {
      if (next && this.#mayNot(index)) {
        await this.#chunks.giveBack(await next.catch(() => undefined));
        next = undefined;
      }
      if (this.#ending.over) break;
      if (!(await this.#ready(index))) continue;
      const fetched = await (next ?? this.#chunks.fetch());
      next = undefined;
      if (fetched === undefined) {
        if (await this.#idle()) continue;
        break;
      }
      if (!this.#mayNot(index)) {
        next = this.#chunks.fetch();
        next.catch(() => undefined);
      }
      await this.#process(fetched);
    }
    if (next) await this.#chunks.giveBack(await next.catch(() => undefined));
  }

  async #process(fetched: Fetched): Promise<void> {
    try {
      await this.#chunks.process(fetched);
    } catch (thrown) {
      this.#ending.finish(this.#failure(thrown));
    } finally {
      // Others may wait for it to become the last.
      const wake = this.#wake;
      this.#wake = new AbortController();
      wake.abort();
    }
  }

  #mayNot(index: number): boolean {
    return this.#ending.over || index >= this.pace.lanes.current || this.#noteRest() !== undefined;
  }

  /**
   * Waits for a moment when there is a reason not to begin. Not for longer: a lane that is
   * one too many by then must give back what it fetched ahead.
   *
   * @returns whether to begin now
   */
  async #ready(index: number): Promise<boolean> {
    const wait = this.#mayNot(index) ? RESTING_MS : Math.min(this.pace.waitMs(), RESTING_MS);
    if (wait <= 0) return true;
    await this.#parts.timers.sleep(wait, this.#ending.signal);
    return false;
  }

  #noteRest(): string | undefined {
    const reason = this.pace.rest();
    if ((reason === undefined) !== (this.#resting === undefined)) {
      const { job, emit } = this.#parts;
      const { ledger, name } = job;
      this.meter.rested();
      emit({ type: 'backfill.paused', ledger, name, reason, control: this.pace.control });
    }
    this.#resting = reason;
    return reason;
  }

  /** Nothing to claim: is it done, or do others still work? @returns whether to go on */
  async #idle(): Promise<boolean> {
    if (this.#ending.over || this.#chunks.exhausted) return false;
    const { backfills, job, timers } = this.#parts;
    const wake = this.#wake.signal;
    const head = await patiently(this.#patience, undefined, () => backfills.head(job.ledger));
    if (head === undefined || head.generation !== this.#generation) {
      this.#ending.finish({ type: 'ended', state: head?.state ?? 'cancelled' });
    } else if (head.state !== 'running' && head.state !== 'paused') {
      this.#ending.finish({ type: 'ended', state: head.state });
    } else if (head.progress.cut && head.progress.chunksOpen === 0) {
      this.#ending.finish({ type: 'done' });
    } else await timers.sleep(IDLE_MS, wake);
    return !this.#ending.over;
  }

  async #heartbeats(): Promise<void> {
    const { timers } = this.#parts;
    while (!this.#ending.over) {
      await timers.sleep(HEARTBEAT_MS, this.#ending.signal);
      if (this.#ending.over) return;
      await this.#beat().catch((thrown: unknown) => {
        // One that fails for a moment is made up for by the next.
        if (this.#parts.backfills.classify(thrown).kind !== 'fatal') return;
        this.#ending.finish(this.#failure(thrown));
      });
      this.#addLanes();
      this.#noteRest();
      this.#tell();
    }
  }

  async #beat(): Promise<void> {
    const { backfills, job, worker } = this.#parts;
    const report = { ...worker, rows: this.meter.rows };
    const answer = await backfills.heartbeat(job.ledger, report);
    this.meter.hear(answer);
    this.pace.hear(answer, this.meter.rate);
    if (answer.control.cancelled) this.#ending.finish({ type: 'cancelled' });
    const ended = answer.state !== 'running' && answer.state !== 'paused';
    if (ended || answer.generation !== this.#generation) {
      this.#ending.finish({ type: 'ended', state: answer.state });
    }
    await this.pace.look(backfills, job);
  }

  #tell(): void {
    const gauge = this.meter.gauge(this.pace);
    if (gauge === undefined) return;
    const { ledger, name } = this.#parts.job;
    this.#parts.emit({ type: 'backfill.progress', ledger, name, ...gauge });
  }
}
