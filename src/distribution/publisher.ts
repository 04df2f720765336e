import type { Queue } from 'bullmq';
import type { Emit } from '../events.ts';
import { type DrainJob, jobId } from './drain-job.ts';

/** How often the queue is looked at, and filled. */
const LOOK_MS = 1_000;
/** A Redis that does not answer in this time is taken for gone. */
const PATIENCE_MS = 2_500;
const FINISH_DELAY_MS = 3_000;
const MOST_SLOTS = 256;
const ONCE = { removeOnComplete: true, removeOnFail: true } as const;

/**
 * Keeps as many jobs in the queue as there are workers, for each ledger that is worked on.
 * Any number of processes do so at once: a job has a slot, and a slot is taken or free.
 */
export class Publisher {
  readonly #queue: Queue;
  readonly #emit: Emit;
  /** Ledgers, and until when to publish them, in ms of `performance.now()`. */
  readonly #wanted = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<boolean> | undefined;
  #reachable: boolean | undefined;
  #workers = 0;

  constructor(queue: Queue, emit: Emit) {
    this.#queue = queue;
    this.#emit = emit;
    // A refused connection is known sooner than by waiting for an answer.
    queue.on('error', ({ message }) => this.#note(false, message));
  }

  /** False from when the Redis was found to be gone until it is found again. */
  get reachable(): boolean {
    return this.#reachable !== false;
  }

  /** Processes that wait at the queue or work for it, as far as the Redis tells. */
  get workers(): number {
    return this.#workers;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_MS);
  }

  keep(ledger: string, forMs = Number.POSITIVE_INFINITY): void {
    this.#wanted.set(ledger, performance.now() + forMs);
  }

  drop(ledger: string): void {
    this.#wanted.delete(ledger);
  }

  /** Fills the queue. Never throws: what fails now is made up for by the next. */
  async look(): Promise<void> {
    this.#looking ??= this.#fill()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#looking = undefined;
      });
    this.#note(await inTime(this.#looking));
  }

  /** For a ledger where nothing is left to claim. */
  async finish(ledger: string): Promise<void> {
    const data: DrainJob = { ledger, finish: true };
    const options = { ...ONCE, jobId: jobId(ledger, 'finish'), delay: FINISH_DELAY_MS };
    await inTime(this.#queue.add('drain', data, options).then(() => true));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#wanted.clear();
    // A client that never reached its server waits for it before it goes.
    await inTime(this.#queue.close().then(() => true)).catch(() => undefined);
  }

  async #fill(): Promise<void> {
    this.#workers = await this.#queue.getWorkersCount();
    const now = performance.now();
    for (const [ledger, until] of this.#wanted) if (until < now) this.#wanted.delete(ledger);
    const slots = Math.min(Math.max(1, this.#workers), MOST_SLOTS);
    const jobs = [...this.#wanted.keys()].flatMap((ledger) =>
      Array.from({ length: slots }, (_, slot) => ({
        name: 'drain',
        data: { ledger } satisfies DrainJob,
        opts: { ...ONCE, jobId: jobId(ledger, slot) },
      })),
    );
    if (jobs.length > 0) await this.#queue.addBulk(jobs);
  }

  /** Says it once when the Redis goes, and once when it is back. */
  #note(reachable: boolean, why?: string): void {
    const before = this.#reachable;
    this.#reachable = reachable;
    if (!reachable && before !== false) {
      this.#emit({
        type: 'warning',
        code: 'GODWIT_REDIS_GONE',
        message: `The Redis cannot be reached${why ? ` (${why})` : ''}. Work goes on here; others join when it is back.`,
      });
    } else if (reachable && before === false) {
      this.#emit({
        type: 'warning',
        code: 'GODWIT_REDIS_BACK',
        message: 'The Redis is back, and work is shared again.',
      });
    }
  }
}

/** False when it takes longer than a Redis may. */
async function inTime(work: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, false);
  });
  work.catch(() => undefined);
  return Promise.race([work, late])
    .catch(() => false)
    .finally(() => clearTimeout(timer));
}
