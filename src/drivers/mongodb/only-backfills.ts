import { GodwitError } from '../../errors.ts';
import type { ResumePolicy } from '../../ports/history.ts';
import type { Job } from '../../ports/session.ts';
import type { Gate } from './guard/gate.ts';
import type { Work } from './work.ts';

/**
 * Says in the history, for a run outside a transaction, whether all it has written so far
 * went through backfills, whose ledgers resume: then an interrupted one simply runs again.
 */
export class OnlyBackfills {
  readonly #work: Work;
  readonly #job: Job;
  #said: ResumePolicy;
  /** Whether there was one. */
  begun = false;
  /** Records go one after the other, whoever asks for them at once. */
  #queue: Promise<void> = Promise.resolve();

  constructor(work: Work, job: Job) {
    this.#work = work;
    this.#job = job;
    this.#said = job.resume;
  }

  /** Before a backfill begins. */
  async start(gate: Gate): Promise<void> {
    this.begun = true;
    if (!gate.tally.touched) await this.#say('restart');
    await this.#work.log.settle();
  }

  /** Undefined, at no cost, unless there is something to take back before a write. */
  beforeWrite(): Promise<void> | undefined {
    return this.#said === this.#job.resume ? undefined : this.#say(this.#job.resume);
  }

  #say(resume: ResumePolicy): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      if (this.#said === resume) return;
      await this.#work.log.append([{ ...this.#job.header, event: 'started', resume }]);
      this.#said = resume;
    });
    return this.#queue;
  }
}

/** A backfill commits by itself, so nothing of the transaction may have been sent before it. */
export function refuseLate(job: Job, gate: Gate): void {
  if (!gate.used) return;
  throw new GodwitError(
    'GODWIT_BACKFILL_LATE',
    `${job.header.id} has begun its transaction: a backfill has to come before its first operation.`,
    { next: ['move ctx.backfill to the beginning, or into a migration of its own'] },
  );
}

export function noBackfills(): GodwitError {
  return new GodwitError('GODWIT_UNSUPPORTED', 'Backfills cannot be run here.');
}
