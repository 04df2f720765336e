import { GodwitError, toGodwitError } from '../../errors.ts';
import type { MirrorSpec, NewHistoryEvent } from '../../ports/history.ts';
import type { PublicIdCall, PublicIdStep } from '../../ports/public-ids.ts';
import type {
  Dropped,
  Job,
  Outcome,
  ResetScope,
  SeriesProgress,
  Session,
  Unsettled,
} from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import type { Workplace } from './workplace.ts';

/** A held lock, and the only way to write. */
export class PostgresSession implements Session {
  readonly #place: Workplace;
  readonly #released: () => void;
  /** Something is being written: reading meanwhile takes another connection. */
  #busy = 0;
  /** Announced as done, and gone with a server that crashed. */
  #unsettled: Unsettled | undefined;
  #over: Promise<void> | undefined;

  constructor(place: Workplace, released: () => void) {
    this.#place = place;
    this.#released = released;
  }

  get fence(): number {
    return this.#place.lock.fence;
  }

  get lost(): AbortSignal {
    return this.#place.lock.lost;
  }

  get busy(): boolean {
    return this.#busy > 0;
  }

  append(events: readonly NewHistoryEvent[], mirrors: readonly MirrorSpec[]): Promise<void> {
    return this.#while(() => appendEvents(this.#place, events, mirrors));
  }

  execute(job: Job): Promise<Outcome> {
    return this.#while(async () => (await import('./execute.ts')).execute(this.#place, job));
  }

  executeSeries(jobs: readonly Job[], progress: SeriesProgress): Promise<Outcome[]> {
    return this.#while(async () =>
      (await import('./execute-series.ts')).executeSeries(
        this.#place,
        jobs,
        progress,
        (unsettled) => {
          this.#unsettled = unsettled;
        },
      ),
    );
  }

  executeTogether(
    jobs: readonly Job[],
    { reorder = false }: { readonly reorder?: boolean | undefined } = {},
  ): Promise<Outcome[]> {
    return this.#while(async () =>
      (await import('./execute-together.ts')).executeTogether(this.#place, jobs, reorder),
    );
  }

  applyPublicIds(step: PublicIdStep, call: PublicIdCall): Promise<void> {
    return this.#while(async () => {
      const { applyPublicIds } = await import('./public-ids/apply.ts');
      return applyPublicIds(this.#place, step, call);
    });
  }

  async settle(): Promise<Unsettled | undefined> {
    return this.#unsettled;
  }

  reset(scope: ResetScope): Promise<readonly Dropped[]> {
    return this.#while(async () => {
      const { dropEverything } = await import('./reset.ts');
      return dropEverything(this.#place, scope);
    });
  }

  /** Once: a second call must not tell the driver that its next session is over. */
  release(): Promise<void> {
    this.#over ??= this.#release();
    return this.#over;
  }

  async #release(): Promise<void> {
    await this.#place.lock.release();
    this.#released();
  }

  async #while<T>(work: () => Promise<T>): Promise<T> {
    if (this.lost.aborted) throw toGodwitError(this.lost.reason);
    if (this.#over) throw new GodwitError('GODWIT_LOCK_LOST', 'The lock was released already.');
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
    }
  }
}
