import type { Backfills } from '../../ports/backfill.ts';
import type { Chunk } from '../../ports/backfill-job.ts';
import type { Blame, BlameParts } from './blame.ts';
import type { Claims } from './claims.ts';
import type { Drawn } from './drawn.ts';
import { Faulted, patiently } from './faults.ts';
import type { Fetched } from './work-parts.ts';

export interface ChunkParts extends BlameParts {
  readonly claims: Claims;
  readonly blame: Blame;
  /** Told after each chunk that was done. */
  readonly tell: () => void;
}

/** One chunk from its claim to its commit. */
export class ChunkWork {
  readonly #with: ChunkParts;
  #budget = Number.POSITIVE_INFINITY;

  constructor(parts: ChunkParts) {
    this.#with = parts;
  }

  /** @param chunks how many may be claimed */
  allow(chunks: number): void {
    this.#budget = chunks;
  }

  get exhausted(): boolean {
    return this.#budget <= 0;
  }

  /** Claims the next, and reads it. Undefined when there is none, or no more are allowed. */
  async fetch(): Promise<Fetched | undefined> {
    if (this.exhausted) return undefined;
    this.#budget--;
    const { pace, claims, drawn } = this.#with;
    const size = pace.nextSize();
    const chunk = await claims.claim(size);
    if (chunk === undefined) {
      this.#budget++;
      return undefined;
    }
    const covered = chunk.keys?.length ?? size;
    // Rows that somebody else writes to often are read when they can be written at once.
    if (drawn === undefined || chunk.keys) return { chunk, size: covered, readMs: 0 };
    return this.#read(drawn, chunk, covered);
  }

  async process(prefetched: Fetched): Promise<void> {
    const { drawn, blame, claims } = this.#with;
    const { chunk } = prefetched;
    try {
      const late = drawn !== undefined && prefetched.work === undefined && !prefetched.fault;
      const fetched = late && drawn ? await this.#read(drawn, chunk, prefetched.size) : prefetched;
      if (fetched.fault) return await blame.chunk(fetched, fetched.fault);
      if (await blame.suspect(chunk)) return;
      await this.#apply(fetched);
    } finally {
      claims.release(chunk);
    }
  }

  async giveBack(fetched: Fetched | undefined): Promise<void> {
    if (fetched === undefined) return;
    const { parts, claims } = this.#with;
    // What cannot be given back is let go of at the end.
    await parts.backfills.giveBack(fetched.chunk, parts.worker.id).catch(() => undefined);
    claims.release(fetched.chunk);
    this.#budget++;
  }

  async #read(drawn: Drawn, chunk: Chunk, size: number): Promise<Fetched> {
    const { parts, patience, pace } = this.#with;
    const { backfills, job, timers, abort } = parts;
    const since = timers.now();
    try {
      const { rows, bytes } = await patiently(patience, chunk, () => backfills.read(job, chunk));
      pace.read(rows.length, bytes);
      const changes = await drawn.of(rows, abort);
      return { chunk, size, work: { rows, changes }, readMs: timers.now() - since };
    } catch (thrown) {
      if (!(thrown instanceof Faulted)) throw thrown;
      return { chunk, size, readMs: timers.now() - since, fault: thrown.fault };
    }
  }

  async #apply(fetched: Fetched): Promise<void> {
    const { parts, patience, pace, meter, ending, blame, tell } = this.#with;
    const { backfills, job, worker, timers } = parts;
    const { chunk, work } = fetched;
    const since = timers.now();
    let result: Awaited<ReturnType<Backfills['apply']>>;
    try {
      result = await patiently(patience, chunk, () => backfills.apply(job, chunk, worker.id, work));
    } catch (thrown) {
      if (!(thrown instanceof Faulted)) throw thrown;
      return blame.chunk(fetched, thrown.fault);
    }
    const ms = timers.now() - since;
    // Somebody took it for abandoned, or it was done before the answer was lost.
    if (result === undefined) return;
    const size = chunk.attempts > 0 ? result.rows : fetched.size;
    pace.size.note(size, Math.max(ms, fetched.readMs));
    meter.done(result, ms);
    tell();
    const poison = work?.changes.find((change) => change.type === 'poison');
    if (poison?.type === 'poison') blame.poisoned(chunk, poison.error);
    const nice = pace.spent(result.rows, ms);
    if (nice > 0) await timers.sleep(nice, ending.signal);
  }
}
