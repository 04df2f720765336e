import { GodwitError } from '../../errors.ts';
import type { OpenOptions } from '../../ports/driver.ts';
import type { AcquireOptions } from '../../ports/session.ts';
import { tryAdvisoryLock } from './advisory-lock.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { HeldLock } from './held-lock.ts';
import { readHolder } from './holder.ts';
import { tryLease } from './lease-lock.ts';
import { poolsTransactions } from './pooler.ts';
import type { Store } from './store.ts';
import { waitForLock } from './wait.ts';

export interface Acquired {
  readonly lock: HeldLock;
  readonly connection: Connection;
  readonly leased: boolean;
  /** What is SET stays set: no pooler gives the next transaction another server. */
  readonly keepsSession: boolean;
}

export interface LockChoice {
  readonly kind: OpenOptions['lock'];
  /** The URL says that a transaction-mode pooler is in front. */
  readonly pooled: boolean;
}

/**
 * Takes the lock of the kind that works here, waiting for it as long as it may.
 *
 * @throws GodwitError GODWIT_LOCK_HELD, GODWIT_STOPPED, GODWIT_PERMISSION_DENIED,
 * GODWIT_HISTORY_NEWER
 */
export async function acquireLock(
  connections: Connections,
  store: Store,
  choice: LockChoice,
  options: AcquireOptions,
): Promise<Acquired> {
  const connection = await connections.main();
  let kind = choice.kind === 'auto' && choice.pooled ? 'lease' : choice.kind;
  const attempt = async (): Promise<HeldLock | undefined> => {
    if (kind !== 'lease') {
      const result = await tryAdvisoryLock(connection, store, options, kind === 'advisory');
      if (result === 'busy') return undefined;
      if (result === 'moved' && choice.kind === 'advisory') return undefined;
      if (result !== 'pooled' && result !== 'moved') return result;
      const leased =
        result === 'moved' || (await poolsTransactions(connection, () => second(connections)));
      kind = leased ? 'lease' : 'advisory';
      return attempt();
    }
    const result = await tryLease(connection, store, options, () =>
      keeper(connections, connection),
    );
    return result === 'busy' ? undefined : result;
  };
  const { got: lock, waitedMs } = await waitForLock(options, attempt, () =>
    readHolder(connection, store),
  );
  const { emit } = options;
  const { fence, succeeded } = lock;
  emit({ type: 'lock.acquired', fence, waitedMs, ...(succeeded && { succeeded }) });
  lock.lost.addEventListener('abort', () => {
    if (lock.lost.reason instanceof GodwitError)
      emit({ type: 'lock.lost', error: lock.lost.reason.toJSON() });
  });
  const leased = kind === 'lease';
  return { lock, connection, leased, keepsSession: !leased || (await isDirect(connection)) };
}

/** A pooler reports a number of its own as the pid. */
async function isDirect(connection: Connection): Promise<boolean> {
  const [result] = await connection.simple('select pg_catalog.pg_backend_pid()');
  return Number(result?.rows[0]?.[0]) === connection.pid;
}

async function second(connections: Connections): Promise<Connection> {
  const connection = await connections.fresh();
  if (!connection) throw new GodwitError('GODWIT_UNSUPPORTED', 'There is no second connection.');
  return connection;
}

/** With one session only, the lease is renewed between its statements. */
async function keeper(connections: Connections, main: Connection): Promise<Connection> {
  return (await connections.observer()) ?? main;
}
