import type { WorkEnd } from './work-parts.ts';

/** How a process came to stop: the first reason is the one that counts. */
export class Ending {
  readonly #controller = new AbortController();
  #reason: WorkEnd | undefined;

  /** Aborts when there is a reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get over(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): WorkEnd | undefined {
    return this.#reason;
  }

  finish(reason: WorkEnd): void {
    this.#reason ??= reason;
    this.#controller.abort();
  }
}

/** Rejects when the signal aborts; what goes on after that has nobody to report to. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
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
