import { GodwitError } from '../../errors.ts';
import type { Job } from '../../ports/session.ts';
import type { Workplace } from './workplace.ts';

const CANCEL_EVERY_MS = 200;

/** Watches a job's signals while its work is done. */
export interface Interrupts {
  /** Rejects when the work must not be waited for any longer. Never resolves. */
  readonly stopped: Promise<never>;
  /** @throws GodwitError GODWIT_STOPPED, GODWIT_LOCK_LOST */
  check(): void;
  /** Ends the watching; after it no cancel is on its way any more. */
  dispose(): Promise<void>;
}

/**
 * First signal: the server is asked, from a second session, to cancel what it does for
 * this one, so that it can be rolled back. Second: the connection is cut.
 *
 * @param cancels whether the first signal ends the work; false where it cannot be rolled back
 */
export function watchInterrupts(place: Workplace, job: Job, cancels: boolean): Interrupts {
  const { connection, lock } = place;
  let over = false;
  let cancelling: Promise<void> = Promise.resolve();
  let reject!: (reason: unknown) => void;
  const stopped = new Promise<never>((_, fail) => {
    reject = fail;
  });
  stopped.catch(() => undefined);
  const onStop = (): void => {
    if (!cancels || over) return;
    cancelling = cancelUntil(place, () => over);
    reject(stoppedError());
  };
  const onAbort = (): void => {
    if (over) return;
    connection.destroy();
    reject(stoppedError());
  };
  const onLost = (): void => reject(lock.lost.reason);
  const wired = [
    [job.stop, onStop],
    [job.abort, onAbort],
    [lock.lost, onLost],
  ] as const;
  for (const [signal, listener] of wired) {
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  }
  return {
    stopped,
    check() {
      if (lock.lost.aborted) throw lock.lost.reason;
      if (job.abort.aborted || (cancels && job.stop.aborted)) throw stoppedError();
    },
    async dispose() {
      over = true;
      for (const [signal, listener] of wired) signal.removeEventListener('abort', listener);
      await cancelling;
    },
  };
}

export function stoppedError(): GodwitError {
  return new GodwitError('GODWIT_STOPPED', 'Stopped.');
}

/** A cancel that comes before its statement is ignored by the server, so it is repeated. */
async function cancelUntil(place: Workplace, over: () => boolean): Promise<void> {
  const observer = await place.observer().catch(() => undefined);
  while (observer && !over() && !place.connection.lost.aborted) {
    const pid = place.lock.backendPid();
    if (pid !== undefined && place.connection.state !== 'E') {
      await observer.simple(`select pg_catalog.pg_cancel_backend(${pid})`).catch(() => undefined);
    }
    if (!over()) await new Promise((resolve) => setTimeout(resolve, CANCEL_EVERY_MS));
  }
}
