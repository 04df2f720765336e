import { GodwitError, toGodwitError } from '../../errors.ts';
import { forget } from '../postgres/advisory-lock.ts';
import type { Claim } from '../postgres/claim.ts';
import type { Connection } from '../postgres/connection.ts';
import type { HeldLock } from '../postgres/held-lock.ts';
import { localRole, type Store } from '../postgres/store.ts';

/** The lock of a database that only this process has open. */
export class FileLock implements HeldLock {
  readonly ofSession = false;
  readonly fence: number;
  readonly succeeded: HeldLock['succeeded'];
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #lost = new AbortController();
  #released = false;

  readonly #onLoss = (): void => {
    if (this.#released) return;
    this.#lost.abort(new GodwitError('GODWIT_CONNECTION_LOST', 'The PGlite database is closed.'));
  };

  constructor(connection: Connection, store: Store, { fence, succeeded }: Claim) {
    this.#connection = connection;
    this.#store = store;
    this.fence = fence;
    this.succeeded = succeeded;
    connection.lost.addEventListener('abort', this.#onLoss, { once: true });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async begin(settings: readonly string[]): Promise<readonly string[]> {
    if (this.#lost.signal.aborted) throw toGodwitError(this.#lost.signal.reason);
    const role = localRole(this.#store).replace(/;$/, '');
    return ['begin', ...(role ? [role] : []), ...settings];
  }

  closing(): readonly string[] {
    return [];
  }

  backendPid(): undefined {}

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    // The connection outlives its locks.
    this.#connection.lost.removeEventListener('abort', this.#onLoss);
    if (this.#connection.lost.aborted) return;
    if (this.#connection.state !== 'I') await this.#connection.simple('rollback');
    await forget(this.#connection, this.#store, this.fence);
  }
}
