import type { Job, Worker } from 'bullmq';
import type { Migrator } from '../app/types.ts';
import type { WorkEnd } from '../core/backfill/work-parts.ts';
import { toGodwitError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type DrainJob, readDrainJob } from './drain-job.ts';
import type { OpenedQueue } from './open-queue.ts';
import { Publisher } from './publisher.ts';

export interface WorkCounts {
  /** Jobs that there was work for. */
  readonly jobs: number;
  /** Backfills that this worker ended. */
  readonly finished: number;
  /** Jobs that were left to others: another definition, a database that is gone. */
  readonly refused: number;
}

export interface QueueWorkerParts {
  readonly migrator: Migrator;
  readonly opened: OpenedQueue;
  /** Of one job, at most. */
  readonly chunks: number;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
  readonly emit: Emit;
}

/** A job whose worker died is given to another after about this time. */
const LOCK_MS = 15_000;
const LOOK_FOR_DEAD_MS = 5_000;
const RETRY_MS = 1_000;
/** Ours for as long after a job: whoever did some of it sees to the rest. */
const CARE_MS = 10_000;
const REFUSED_MS = 2_000;
/** A job that nobody wants for so long belongs to nothing. */
const STALE_MS = 600_000;
const ENDED_MS = 5_000;
const CLOSE_MS = 3_000;

/** Takes jobs off the queue, one at a time: a job is as many chunks at once as it pays. */
export class QueueWorker {
  readonly #parts: QueueWorkerParts;
  readonly #publisher: Publisher;
  /** Ledgers that were found to have ended, and when. */
  readonly #ended = new Map<string, number>();
  readonly #warned = new Set<string>();
  #working: Promise<void> = Promise.resolve();
  #counts = { jobs: 0, finished: 0, refused: 0 };

  constructor(parts: QueueWorkerParts) {
    this.#parts = parts;
    this.#publisher = new Publisher(parts.opened.queue, parts.emit);
  }

  /** Works until it is told to stop. */
  async run(): Promise<WorkCounts> {
    const { stop, opened } = this.#parts;
    this.#publisher.start();
    const worker = new opened.bull.Worker(opened.name, (job, token) => this.#take(job, token), {
      connection: opened.connection,
      concurrency: 1,
      lockDuration: LOCK_MS,
      stalledInterval: LOOK_FOR_DEAD_MS,
      runRetryDelay: RETRY_MS,
      // What kills its workers is the ledger's business: it halves such a chunk.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      drainDelay: 1,
    });
    // The publisher tells whether the Redis is there.
    worker.on('error', () => undefined);
    worker.on('completed', () => void this.#publisher.look());
    await this.#publisher.look();
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve));
    await this.#leave(worker);
    return this.#counts;
  }

  /** What was begun is given to others: its slot is filled again. */
  async #leave(worker: Worker): Promise<void> {
    const closing = worker.close().catch(() => undefined);
    await this.#working;
    await within(CLOSE_MS, closing);
    if (this.#publisher.reachable) await this.#publisher.look();
    this.#parts.opened.hangUp();
    await this.#publisher.close();
  }

  #take(job: Job, token: string | undefined): Promise<void> {
    const taken = this.#do(job, token);
    this.#working = taken.catch(() => undefined);
    return taken;
  }

  async #do(job: Job, token: string | undefined): Promise<void> {
    const task = readDrainJob(job.data);
    if (task === undefined || this.#hasEnded(task.ledger)) return;
    let refusal: string | undefined;
    try {
      refusal = await this.#drain(task);
    } catch (thrown) {
      const { code, message } = toGodwitError(thrown);
      refusal = `${message} (${code})`;
    }
    if (refusal !== undefined) await this.#refuse(job, token, task.ledger, refusal);
  }

  /** @returns why this worker cannot do it */
  async #drain({ ledger, finish }: DrainJob): Promise<string | undefined> {
    const { migrator, chunks, stop: signal, abort } = this.#parts;
    this.#publisher.keep(ledger);
    try {
      for (;;) {
        const options = { chunks: finish ? 1 : chunks, signal, abort };
        const end = await migrator.backfill.drain(ledger, options);
        if (end.type !== 'ended') this.#counts.jobs += 1;
        // Without the queue there is nobody who would bring the next job.
        if (end.type === 'drained' && !this.#publisher.reachable && !signal.aborted) continue;
        return await this.#settle(ledger, end, finish === true);
      }
    } catch (thrown) {
      this.#publisher.drop(ledger);
      throw thrown;
    }
  }

  async #settle(ledger: string, end: WorkEnd, finish: boolean): Promise<string | undefined> {
    const { migrator } = this.#parts;
    switch (end.type) {
      case 'drained':
      case 'stopped':
        this.#publisher.keep(ledger, CARE_MS);
        return undefined;
      case 'ended':
        return this.#forget(ledger);
      case 'cancelled':
        // Whoever leaves last ends it.
        await migrator.backfill.cancel(ledger);
        return this.#forget(ledger);
      case 'done':
        this.#publisher.drop(ledger);
        if (finish) return this.#conclude(ledger);
        await this.#publisher.finish(ledger);
        return undefined;
      case 'failed':
        this.#publisher.drop(ledger);
        return this.#failed(ledger, end.error.message);
    }
  }

  /** Sweeps, the verify, the summary: what `backfill run` does at the end, had it lived. */
  async #conclude(ledger: string): Promise<undefined> {
    const { migrator, stop: signal, abort } = this.#parts;
    const { ran } = await migrator.backfill.run(ledger, { signal, abort });
    if (ran) this.#counts.finished += 1;
    return this.#forget(ledger);
  }

  /** A row that stops the backfill stops it for all; what fails here alone is left to others. */
  async #failed(ledger: string, message: string): Promise<string | undefined> {
    const { backfill } = await this.#parts.migrator.backfill.status(ledger);
    if ((backfill.progress?.poisoned ?? 0) === 0) return message;
    return this.#conclude(ledger);
  }

  #forget(ledger: string): undefined {
    this.#publisher.drop(ledger);
    this.#ended.set(ledger, performance.now());
    return undefined;
  }

  #hasEnded(ledger: string): boolean {
    const at = this.#ended.get(ledger);
    if (at === undefined) return false;
    if (performance.now() - at < ENDED_MS) return true;
    this.#ended.delete(ledger);
    return false;
  }

  /** The job goes back for somebody else; said once for each reason. */
  async #refuse(job: Job, token: string | undefined, ledger: string, why: string): Promise<void> {
    const { emit, opened } = this.#parts;
    this.#counts.refused += 1;
    if (!this.#warned.has(`${ledger} ${why}`)) {
      this.#warned.add(`${ledger} ${why}`);
      const message = `This worker leaves ${ledger} to others: ${why}`;
      emit({ type: 'warning', code: 'GODWIT_WORKER_REFUSES', message });
    }
    if (Date.now() - job.timestamp > STALE_MS) return;
    await job.moveToDelayed(Date.now() + REFUSED_MS, token);
    throw new opened.bull.DelayedError();
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
