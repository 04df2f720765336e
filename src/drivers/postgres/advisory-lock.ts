import { setTimeout as sleep } from 'node:timers/promises';
import { GodwitError, toGodwitError } from '../../errors.ts';
import type { AcquireOptions } from '../../ports/session.ts';
import { claim } from './claim.ts';
import { type Connection, sqlState } from './connection.ts';
import type { HeldLock } from './held-lock.ts';
import { advisoryLockRows } from './holder.ts';
import { begin, localRole, type Store } from './store.ts';

/**
 * `pooled`: the connection's backend is not the one that was reported at its start.
 * `moved`: nor is it the same in two transactions.
 */
export type AdvisoryAttempt = HeldLock | 'busy' | 'pooled' | 'moved';

/**
 * Tries once to take the session lock on the connection that will do the work, so that
 * what the server still finishes for a killed client is under it too.
 *
 * @param evenPooled take it also where a pooler stands in between
 */
export async function tryAdvisoryLock(
  connection: Connection,
  store: Store,
  options: AcquireOptions,
  evenPooled: boolean,
): Promise<AdvisoryAttempt> {
  const guard = evenPooled ? 'true' : `pg_catalog.pg_backend_pid() = ${connection.pid ?? -1}`;
  const [result] = await connection.simple(
    `select pg_catalog.pg_backend_pid(), case when ${guard}
      then pg_catalog.pg_try_advisory_lock(${store.lockKey}) end`,
  );
  const [pid, locked] = result?.rows[0] ?? [];
  if (locked == null) return 'pooled';
  if (locked !== 't') return 'busy';
  try {
    const claimed = await claim(connection, store, options, { mode: 'advisory' });
    if (claimed) {
      const lock = new AdvisoryLock(
        connection,
        store,
        claimed.fence,
        Number(pid),
        claimed.succeeded,
      );
      return lock;
    }
    return (await unlock(connection, store, Number(pid))) ? 'busy' : 'moved';
  } catch (error) {
    await unlock(connection, store, Number(pid)).catch(() => connection.destroy());
    throw error;
  }
}

const UNLOCK_ATTEMPTS = 100;

/**
 * Behind a pooler that hands out a server for each transaction, the lock may be another
 * server's than the one that is asked now, and would stay there with nobody to give it back.
 *
 * @returns whether the server was the one that has the lock
 */
async function unlock(connection: Connection, store: Store, pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < UNLOCK_ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(20);
    const [result] = await connection.simple(
      `select case when pg_catalog.pg_backend_pid() = ${pid}
        then pg_catalog.pg_advisory_unlock(${store.lockKey}) end`,
    );
    if (result?.rows[0]?.[0] != null) return attempt === 0;
  }
  // Nobody's work ends with it: what the pooler lends out may be an application's.
  await connection.simple(
    `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
      where pid = ${pid} and state = 'idle' and pid in (${advisoryLockRows(store)})`,
  );
  return false;
}

class AdvisoryLock implements HeldLock {
  readonly ofSession = true;
  readonly fence: number;
  readonly succeeded: HeldLock['succeeded'];
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #pid: number;
  readonly #lost = new AbortController();
  readonly #onLoss: () => void;
  #released = false;

  constructor(
    connection: Connection,
    store: Store,
    fence: number,
    pid: number,
    succeeded: HeldLock['succeeded'],
  ) {
    this.#connection = connection;
    this.#store = store;
    this.fence = fence;
    this.#pid = pid;
    this.succeeded = succeeded;
    this.#onLoss = () => {
      if (!this.#released) this.#lost.abort(lossOf(connection.lost.reason));
    };
    if (connection.lost.aborted) this.#onLoss();
    else connection.lost.addEventListener('abort', this.#onLoss, { once: true });
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

  backendPid(): number {
    return this.#pid;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    const connection = this.#connection;
    // A program takes the lock many times on one connection.
    connection.lost.removeEventListener('abort', this.#onLoss);
    if (connection.lost.aborted) return;
    try {
      if (connection.state !== 'I') await connection.simple('rollback');
      await forget(connection, this.#store, this.fence);
      await unlock(connection, this.#store, this.#pid);
    } catch {
      // A session that ends gives its lock back too.
      connection.destroy();
    }
  }
}

/** The row may be gone with the schema: a migration may drop anything. */
export async function forget(connection: Connection, store: Store, fence: number): Promise<void> {
  try {
    await connection.simple(
      `${begin(store)}update ${store.lock} set by = null, command = null, since = null, pid = null,
        token = null, expires_at = null where fence = ${fence};commit`,
    );
  } catch (error) {
    if (sqlState(error) === undefined) throw error;
    await connection.simple('rollback');
  }
}

/** 57P01: an administrator, or `godwit unlock`, ended the session. */
function lossOf(cause: unknown): GodwitError {
  if (sqlState(cause) === '57P01') {
    return new GodwitError(
      'GODWIT_LOCK_LOST',
      'The lock was taken away: the server ended this session.',
      {
        cause,
        next: ['see what was done: godwit status', 'go on: godwit up'],
      },
    );
  }
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new GodwitError('GODWIT_CONNECTION_LOST', `The connection to PostgreSQL was lost${why}.`, {
    cause,
    next: ['see what was done: godwit status', 'go on: godwit up'],
  });
}
