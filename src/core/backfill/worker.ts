import type { ErrorInfo } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type {
  BackfillJob,
  Backfills,
  Chunk,
  Fault,
  LedgerHead,
  LedgerState,
  ReadRow,
  RowChange,
} from '../../ports/backfill.ts';
import type { Timers } from '../../ports/clock.ts';
import type { Actor } from '../../ports/history.ts';
import { Claims } from './claims.ts';
import type { Draw } from './draw.ts';
import { Drawn } from './drawn.ts';
import { Faulted, type Patience, patiently } from './faults.ts';
import { Meter } from './meter.ts';
import { Pace } from './pace.ts';
import type { Plan } from './resolve.ts';

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

interface Fetched {
  readonly chunk: Chunk;
  /** Rows of the key space it covers. */
  readonly size: number;
  readonly work?: { readonly rows: readonly ReadRow[]; readonly changes: readonly RowChange[] };
  readonly readMs: number;
  /** Reading it failed. */
  readonly fault?: Fault | undefined;
}

const HEARTBEAT_MS = 1_500;
const IDLE_MS = 500;
const RESTING_MS = 250;
/** A chunk that was given up this often may be what kills its workers: it is halved. */
const SUSPICIOUS = 3;
/** One row that was given up this often is set aside: rarely enough that chance cannot do it. */
const HOPELESS = 15;

/** One process at work on one ledger, with as many chunks at once as its pace allows. */
export class BackfillWorker {
  readonly meter: Meter;
  readonly pace: Pace;
  readonly #parts: WorkParts;
  readonly #generation: number;
  readonly #claims: Claims;
  readonly #drawn: Drawn | undefined;
  readonly #patience: Patience;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #end: WorkEnd | undefined;
  #lanes = 0;
  #budget = Number.POSITIVE_INFINITY;
  #wake = new AbortController();
  #resting: string | undefined;

  constructor(parts: WorkParts, head: LedgerHead, rowBytes: number | undefined) {
    const { backfills, job, plan, timers, worker } = parts;
    this.#parts = parts;
    this.#generation = head.generation;
    this.meter = new Meter(head, timers);
    this.pace = new Pace(plan, timers, rowBytes);
    this.#drawn = parts.draw && new Drawn(parts.draw);
    this.#patience = {
      backfills,
      timers,
      ending: this.#ending.signal,
      onRetry: (retry) => this.#retry({ ...retry, action: 'again' }),
    };
    this.#claims = new Claims(backfills, job, worker.id, this.#patience);
  }

  /**
   * Works until nothing is left, or something ends it.
   *
   * @param chunks how many at most
   */
  async run(chunks = Number.POSITIVE_INFINITY): Promise<WorkEnd> {
    const { stop, abort, backfills, job, worker } = this.#parts;
    this.#budget = chunks;
    const onStop = (): void => this.#finish({ type: 'stopped' });
    for (const signal of [stop, abort]) {
      if (signal.aborted) onStop();
      else signal.addEventListener('abort', onStop, { once: true });
    }
    try {
      await patiently(this.#patience, undefined, () => this.#beat());
      const beating = this.#heartbeats();
      beating.catch(() => undefined);
      await untilAborted(this.#work(), abort);
      this.#finish({ type: 'drained' });
      await untilAborted(beating, abort);
    } catch (thrown) {
      this.#finish(this.#failure(thrown));
    } finally {
      for (const signal of [stop, abort]) signal.removeEventListener('abort', onStop);
    }
    const leave = backfills.letGo(job.ledger, worker.id, []).catch(() => undefined);
    await untilAborted(leave, abort).catch(() => undefined);
    return this.#end ?? { type: 'stopped' };
  }

  /** The first reason is the one that counts. */
  #finish(end: WorkEnd): void {
    this.#end ??= end;
    this.#ending.abort();
    this.#wake.abort();
  }

  get #over(): boolean {
    return this.#end !== undefined;
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
    while (!this.#over && this.#lanes < this.pace.lanes.current) {
      const lane = this.#lane(this.#lanes++)
        .catch((thrown: unknown) => this.#finish(this.#failure(thrown)))
        .finally(() => this.#running.delete(lane));
      this.#running.add(lane);
    }
  }

  /** One chunk after the other; the next is read while the present one is written. */
  async #lane(index: number): Promise<void> {
    let next: Promise<Fetched | undefined> | undefined;
    for (;;) {
      if (next && this.#mayNot(index)) {
        await this.#giveBack(await next.catch(() => undefined));
        next = undefined;
      }
      if (!(await this.#ready(index))) break;
      const fetched = await (next ?? this.#fetch());
      next = undefined;
      if (fetched === undefined) {
        if (await this.#idle()) continue;
        break;
      }
      if (!this.#mayNot(index)) {
        next = this.#fetch();
        next.catch(() => undefined);
      }
      await this.#process(fetched).catch((thrown: unknown) => this.#finish(this.#failure(thrown)));
    }
    if (next) await this.#giveBack(await next.catch(() => undefined));
  }

  #mayNot(index: number): boolean {
    return this.#over || index >= this.pace.lanes.current || this.#noteRest() !== undefined;
  }

  /** Waits while there is a reason not to begin. @returns false when it is over */
  async #ready(index: number): Promise<boolean> {
    const { timers } = this.#parts;
    for (;;) {
      if (this.#over) return false;
      if (this.#mayNot(index)) await timers.sleep(RESTING_MS, this.#ending.signal);
      else {
        const wait = this.pace.waitMs();
        if (wait <= 0) return true;
        await timers.sleep(Math.min(wait, RESTING_MS), this.#ending.signal);
      }
    }
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

  async #fetch(): Promise<Fetched | undefined> {
    if (this.#budget <= 0) return undefined;
    this.#budget--;
    const size = this.pace.nextSize();
    const chunk = await this.#claims.claim(size);
    if (chunk === undefined) {
      this.#budget++;
      return undefined;
    }
    const covered = chunk.keys?.length ?? size;
    // Rows that somebody else writes to often are read when they can be written at once.
    if (this.#drawn === undefined || chunk.keys) return { chunk, size: covered, readMs: 0 };
    return this.#read(this.#drawn, chunk, covered);
  }

  async #read(drawn: Drawn, chunk: Chunk, size: number): Promise<Fetched> {
    const { backfills, job, timers, abort } = this.#parts;
    const since = timers.now();
    try {
      const { rows, bytes } = await patiently(this.#patience, chunk, () =>
        backfills.read(job, chunk),
      );
      this.pace.read(rows.length, bytes);
      const changes = await drawn.of(rows, abort);
      return { chunk, size, work: { rows, changes }, readMs: timers.now() - since };
    } catch (thrown) {
      if (!(thrown instanceof Faulted)) throw thrown;
      return { chunk, size, readMs: timers.now() - since, fault: thrown.fault };
    }
  }

  async #process(prefetched: Fetched): Promise<void> {
    const { chunk } = prefetched;
    try {
      const late = this.#drawn !== undefined && prefetched.work === undefined && !prefetched.fault;
      const fetched =
        late && this.#drawn ? await this.#read(this.#drawn, chunk, prefetched.size) : prefetched;
      if (fetched.fault) return await this.#blame(fetched, fetched.fault);
      if (chunk.attempts >= SUSPICIOUS && (await this.#halveSuspect(chunk))) return;
      await this.#apply(fetched);
    } finally {
      this.#claims.release(chunk);
      const wake = this.#wake;
      this.#wake = new AbortController();
      wake.abort();
    }
  }

  async #apply(fetched: Fetched): Promise<void> {
    const { backfills, job, worker, timers } = this.#parts;
    const { chunk, work } = fetched;
    const since = timers.now();
    let result: Awaited<ReturnType<Backfills['apply']>>;
    try {
      result = await patiently(this.#patience, chunk, () =>
        backfills.apply(job, chunk, worker.id, work),
      );
    } catch (thrown) {
      if (!(thrown instanceof Faulted)) throw thrown;
      return this.#blame(fetched, thrown.fault);
    }
    const ms = timers.now() - since;
    // Somebody took it for abandoned, or it was done before the answer was lost.
    if (result === undefined) return;
    this.pace.size.note(
      chunk.attempts > 0 ? result.rows : fetched.size,
      Math.max(ms, fetched.readMs),
    );
    this.meter.done(result, ms);
    this.#tell();
    const poison = work?.changes.find((change) => change.type === 'poison');
    if (poison?.type === 'poison') this.#poisoned(chunk, poison.error);
    const nice = this.pace.spent(result.rows, ms);
    if (nice > 0) await timers.sleep(nice, this.#ending.signal);
  }

  /** Finds out what is to blame for a chunk that cannot be done, by halving it. */
  async #blame(fetched: Fetched, fault: Fault): Promise<void> {
    const { backfills, job, worker } = this.#parts;
    const { chunk, work } = fetched;
    const { error } = fault;
    if (fault.kind === 'fatal' || fault.kind === 'transient') {
      await backfills.giveBack(chunk, worker.id, error).catch(() => undefined);
      this.#finish({ type: 'failed', error });
      return;
    }
    if (fault.kind === 'slow') this.pace.size.halve();
    if (work) this.#drawn?.keep(work.rows, work.changes);
    const patience = this.#patience;
    if (await patiently(patience, chunk, () => backfills.split(job, chunk, worker.id))) {
      this.#retry({ chunk, attempt: chunk.attempts + 1, delayMs: 0, error, action: 'split' });
    } else if (fault.kind === 'slow' && chunk.attempts < HOPELESS) {
      await patiently(patience, chunk, () => backfills.giveBack(chunk, worker.id, error));
      this.#retry({ chunk, attempt: chunk.attempts + 1, delayMs: 0, error, action: 'again' });
    } else {
      await this.#setAside(chunk, error);
    }
  }

  async #setAside(chunk: Chunk, error: ErrorInfo): Promise<void> {
    const { backfills, job, worker } = this.#parts;
    await patiently(this.#patience, chunk, () => backfills.poison(job, chunk, worker.id, error));
    this.#poisoned(chunk, error);
  }

  #poisoned(chunk: Chunk, error: ErrorInfo): void {
    const attempt = chunk.attempts + 1;
    this.#retry({ chunk, attempt, delayMs: 0, error, action: 'set-aside' });
    if (this.#parts.plan.onError === 'stop') this.#finish({ type: 'failed', error });
  }

  /** @returns whether there is nothing more to be done with it now */
  async #halveSuspect(chunk: Chunk): Promise<boolean> {
    const { backfills, job, worker } = this.#parts;
    const error: ErrorInfo = {
      code: 'GODWIT_BACKFILL_FAILED',
      message: `Chunk ${chunk.n} was given up ${chunk.attempts} times; its workers may have died of it.`,
    };
    if (await patiently(this.#patience, chunk, () => backfills.split(job, chunk, worker.id))) {
      this.#retry({ chunk, attempt: chunk.attempts + 1, delayMs: 0, error, action: 'split' });
      return true;
    }
    if (chunk.attempts < HOPELESS) return false;
    await this.#setAside(chunk, error);
    return true;
  }

  async #giveBack(fetched: Fetched | undefined): Promise<void> {
    if (fetched === undefined) return;
    const { backfills, worker } = this.#parts;
    // What cannot be given back is let go of at the end.
    await backfills.giveBack(fetched.chunk, worker.id).catch(() => undefined);
    this.#claims.release(fetched.chunk);
    this.#budget++;
  }

  /** Nothing to claim: is it done, or do others still work? @returns whether to go on */
  async #idle(): Promise<boolean> {
    if (this.#over || this.#budget <= 0) return false;
    const { backfills, job, timers } = this.#parts;
    const wake = this.#wake.signal;
    const head = await patiently(this.#patience, undefined, () => backfills.head(job.ledger));
    if (head === undefined || head.generation !== this.#generation) {
      this.#finish({ type: 'ended', state: head?.state ?? 'cancelled' });
    } else if (head.state !== 'running' && head.state !== 'paused') {
      this.#finish({ type: 'ended', state: head.state });
    } else if (head.progress.cut && head.progress.chunksOpen === 0) {
      this.#finish({ type: 'done' });
    } else await timers.sleep(IDLE_MS, wake);
    return !this.#over;
  }

  async #heartbeats(): Promise<void> {
    const { timers } = this.#parts;
    while (!this.#over) {
      await timers.sleep(HEARTBEAT_MS, this.#ending.signal);
      if (this.#over) return;
      await this.#beat().catch((thrown: unknown) => {
        // One that fails for a moment is made up for by the next.
        if (this.#parts.backfills.classify(thrown).kind !== 'fatal') return;
        this.#finish(this.#failure(thrown));
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
    if (answer.control.cancelled) this.#finish({ type: 'cancelled' });
    const ended = answer.state !== 'running' && answer.state !== 'paused';
    if (ended || answer.generation !== this.#generation) {
      this.#finish({ type: 'ended', state: answer.state });
    }
    await this.pace.look(backfills, job);
  }

  #tell(): void {
    const gauge = this.meter.gauge(this.pace);
    if (gauge === undefined) return;
    const { ledger, name } = this.#parts.job;
    this.#parts.emit({ type: 'backfill.progress', ledger, name, ...gauge });
  }

  #retry(retry: {
    readonly chunk: Chunk | undefined;
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: ErrorInfo;
    readonly action: 'again' | 'split' | 'set-aside';
  }): void {
    this.meter.retried();
    const { ledger, name } = this.#parts.job;
    this.#parts.emit({ type: 'backfill.retry', ledger, name, ...retry, chunk: retry.chunk?.n });
  }
}

/** Rejects when the signal aborts; what goes on after that has nobody to report to. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  let remove = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    remove = () => signal.removeEventListener('abort', onAbort);
  });
  return Promise.race([work, aborted]).finally(remove);
}
