import type { ErrorInfo } from '../../errors.ts';
import type { Chunk, Fault } from '../../ports/backfill-job.ts';
import type { Drawn } from './drawn.ts';
import type { Ending } from './ending.ts';
import { type Patience, patiently } from './faults.ts';
import type { Meter } from './meter.ts';
import type { Pace } from './pace.ts';
import type { Fetched, WorkParts } from './work-parts.ts';

/** A chunk that was given up this often may be what kills its workers: it is halved. */
const SUSPICIOUS = 3;
/** One row that was given up this often is set aside: rarely enough that chance cannot do it. */
const HOPELESS = 15;

export interface Retry {
  readonly chunk: Chunk | undefined;
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: ErrorInfo;
  readonly action: 'again' | 'split' | 'set-aside';
}

export interface BlameParts {
  readonly parts: WorkParts;
  readonly pace: Pace;
  readonly meter: Meter;
  readonly drawn: Drawn | undefined;
  readonly patience: Patience;
  readonly ending: Ending;
}

/** Finds out what is to blame for a chunk that cannot be done, by halving it. */
export class Blame {
  readonly #with: BlameParts;

  constructor(parts: BlameParts) {
    this.#with = parts;
  }

  async chunk(fetched: Fetched, fault: Fault): Promise<void> {
    const { parts, pace, drawn, patience, ending } = this.#with;
    const { backfills, job, worker } = parts;
    const { chunk, work } = fetched;
    const { error } = fault;
    if (fault.kind === 'fatal' || fault.kind === 'transient') {
      await backfills.giveBack(chunk, worker.id, error).catch(() => undefined);
      ending.finish({ type: 'failed', error });
      return;
    }
    if (fault.kind === 'slow') pace.size.halve();
    if (work) drawn?.keep(work.rows, work.changes);
    if (await patiently(patience, chunk, () => backfills.split(job, chunk, worker.id))) {
      this.#again(chunk, error, 'split');
    } else if (fault.kind === 'slow' && chunk.attempts < HOPELESS) {
      await patiently(patience, chunk, () => backfills.giveBack(chunk, worker.id, error));
      this.#again(chunk, error, 'again');
    } else {
      await this.#setAside(chunk, error);
    }
  }

  /** @returns whether a chunk that was given up often was dealt with */
  async suspect(chunk: Chunk): Promise<boolean> {
    if (chunk.attempts < SUSPICIOUS) return false;
    const { parts, patience } = this.#with;
    const { backfills, job, worker } = parts;
    const error: ErrorInfo = {
      code: 'GODWIT_BACKFILL_FAILED',
      message: `Chunk ${chunk.n} was given up ${chunk.attempts} times; its workers may have died of it.`,
    };
    if (await patiently(patience, chunk, () => backfills.split(job, chunk, worker.id))) {
      this.#again(chunk, error, 'split');
      return true;
    }
    if (chunk.attempts < HOPELESS) return false;
    await this.#setAside(chunk, error);
    return true;
  }

  /** A row of it was set aside. */
  poisoned(chunk: Chunk, error: ErrorInfo): void {
    this.#again(chunk, error, 'set-aside');
    const { parts, ending } = this.#with;
    if (parts.plan.onError === 'stop') ending.finish({ type: 'failed', error });
  }

  retry(retry: Retry): void {
    const { parts, meter } = this.#with;
    meter.retried();
    const { ledger, name } = parts.job;
    parts.emit({ type: 'backfill.retry', ledger, name, ...retry, chunk: retry.chunk?.n });
  }

  #again(chunk: Chunk, error: ErrorInfo, action: Retry['action']): void {
    this.retry({ chunk, attempt: chunk.attempts + 1, delayMs: 0, error, action });
  }

  async #setAside(chunk: Chunk, error: ErrorInfo): Promise<void> {
    const { parts, patience } = this.#with;
    const { backfills, job, worker } = parts;
    await patiently(patience, chunk, () => backfills.poison(job, chunk, worker.id, error));
    this.poisoned(chunk, error);
  }
}
