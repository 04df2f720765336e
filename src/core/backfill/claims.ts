import type { Backfills } from '../../ports/backfill.ts';
import type { BackfillJob, Chunk } from '../../ports/backfill-job.ts';
import { type Patience, patiently } from './faults.ts';

/** An empty list would say that this worker leaves. */
const NO_CHUNK = -1;

/**
 * The chunks that one process holds. A claim whose answer was lost may have been granted:
 * nobody would ever work on that chunk while our heartbeat goes on, so before the next
 * claim the ledger is told which ones we know of.
 */
export class Claims {
  readonly #backfills: Backfills;
  readonly #job: BackfillJob;
  readonly #worker: string;
  readonly #patience: Patience;
  readonly #held = new Set<Chunk>();
  readonly #underWay = new Set<Promise<unknown>>();
  #doubt = false;
  #settling: Promise<void> | undefined;

  constructor(backfills: Backfills, job: BackfillJob, worker: string, patience: Patience) {
    this.#backfills = backfills;
    this.#job = job;
    this.#worker = worker;
    this.#patience = patience;
  }

  claim(size: number): Promise<Chunk | undefined> {
    return patiently(this.#patience, undefined, async () => {
      if (this.#doubt) {
        this.#settling ??= this.#settle().finally(() => {
          this.#settling = undefined;
        });
      }
      await this.#settling;
      const attempt = this.#attempt(size);
      this.#underWay.add(attempt);
      return attempt.finally(() => this.#underWay.delete(attempt));
    });
  }

  release(chunk: Chunk): void {
    this.#held.delete(chunk);
  }

  async #attempt(size: number): Promise<Chunk | undefined> {
    try {
      const chunk = await this.#backfills.claim(this.#job, this.#worker, size);
      if (chunk) this.#held.add(chunk);
      return chunk;
    } catch (error) {
      this.#doubt = true;
      throw error;
    }
  }

  async #settle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    const kept = [...this.#held].map(({ n }) => n);
    await this.#backfills.letGo(this.#job.ledger, this.#worker, [NO_CHUNK, ...kept]);
    this.#doubt = false;
  }
}
