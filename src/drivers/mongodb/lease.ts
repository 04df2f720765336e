import { GodwitError, thrownMessage } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { renewLock } from './lock.ts';
import type { Store } from './store.ts';

/** A point in time, by both clocks of this machine. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

export function instant(): Instant {
  return { monotonic: performance.now(), wall: Date.now() };
}

/**
 * Keeps a lease alive, and knows without asking the server when it may have ended.
 * The server counts from when it handled the renewal, we from when we sent it, so ours
 * ends first. The wall clock is looked at too: it goes on while a machine is suspended.
 */
export class Lease {
  readonly #store: Store;
  readonly #leaseMs: number;
  readonly #emit: Emit;
  readonly #controller = new AbortController();
  readonly fence: number;
  #renewed: Instant;
  #beat: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #failure: unknown;
  #ended = false;

  constructor(store: Store, fence: number, leaseMs: number, sent: Instant, emit: Emit) {
    this.#store = store;
    this.fence = fence;
    this.#leaseMs = leaseMs;
    this.#emit = emit;
    this.#renewed = sent;
    this.#watchDeadline();
    this.#schedule(leaseMs / 3);
  }

  get lost(): AbortSignal {
    return this.#controller.signal;
  }

  /** Of the lease, in ms, by our own clocks. */
  get remainingMs(): number {
    const now = instant();
    const elapsed = Math.max(
      now.monotonic - this.#renewed.monotonic,
      now.wall - this.#renewed.wall,
    );
    return this.#leaseMs - elapsed;
  }

  /** Throws unless the lock is certainly held. Before every write. */
  check(): void {
    if (!this.lost.aborted && !this.#ended && this.remainingMs <= 0) this.lose(this.#outlived());
    if (this.lost.aborted) throw this.lost.reason;
    if (this.#ended) throw lockLost('The lock was released already.');
  }

  lose(error: GodwitError): void {
    if (this.lost.aborted || this.#ended) return;
    this.#clear();
    this.#controller.abort(error);
    this.#emit({ type: 'lock.lost', error: error.toJSON() });
  }

  /** Renews now; false when the lock is somebody else's. */
  async renew(): Promise<boolean> {
    const sent = instant();
    const held = await renewLock(this.#store, this.fence, this.#leaseMs);
    if (this.#ended || this.lost.aborted) return false;
    if (!held) {
      this.lose(lockLost('The lock was taken by somebody else, or its lease ended.'));
      return false;
    }
    this.#renewed = sent;
    this.#failure = undefined;
    this.#watchDeadline();
    return true;
  }

  /** No more renewals. */
  end(): void {
    this.#ended = true;
    this.#clear();
  }

  #schedule(ms: number): void {
    this.#beat = setTimeout(() => void this.#pulse(), ms).unref();
  }

  async #pulse(): Promise<void> {
    let next = this.#leaseMs / 3;
    try {
      // A process that slept past its lease must not prolong it, even if nobody came.
      this.check();
      if (!(await this.renew())) return;
    } catch (error) {
      if (this.lost.aborted || this.#ended) return;
      this.#failure = error;
      next = Math.min(500, this.#leaseMs / 10);
    }
    if (!this.lost.aborted && !this.#ended) this.#schedule(next);
  }

  #watchDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(
      () => {
        if (this.remainingMs <= 0) this.lose(this.#outlived());
        else this.#watchDeadline();
      },
      Math.max(this.remainingMs, 1),
    ).unref();
  }

  #outlived(): GodwitError {
    if (this.#failure === undefined) {
      return lockLost(
        'The lease ended before it could be renewed: this process was paused or blocked.',
      );
    }
    return new GodwitError(
      'GODWIT_CONNECTION_LOST',
      `The lock's lease could not be renewed in time: ${thrownMessage(this.#failure)}`,
      { next: ['check the server, then: godwit status'], cause: this.#failure },
    );
  }

  #clear(): void {
    clearTimeout(this.#beat);
    clearTimeout(this.#deadline);
  }
}

export function lockLost(message: string, cause?: unknown): GodwitError {
  return new GodwitError('GODWIT_LOCK_LOST', message, {
    state: 'Nothing more was written; what was done before is still there.',
    next: ['see what the other one did: godwit status', 'godwit history'],
    cause,
  });
}
