import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';

/**
 * Tells a pooler in session mode, where a session lock works, from one that hands out a
 * server for each transaction: there the first connection's server changes, or turns up
 * under the second, while the second holds a transaction open. When in doubt the answer
 * is yes, because a lease works everywhere.
 */
export async function poolsTransactions(
  first: Connection,
  connectSecond: () => Promise<Connection>,
): Promise<boolean> {
  const before = await serverPid(first);
  let second: Connection | undefined;
  try {
    second = await connectSecond();
    // In session mode a full pool lets the second one wait: no answer, no proof.
    const held = await within(2_000, second.simple('begin;select pg_catalog.pg_backend_pid()'));
    const other = held?.[1]?.rows[0]?.[0];
    if (other === undefined || other === before) return true;
    const after = await within(2_000, serverPid(first));
    return after !== before;
  } catch {
    return true;
  } finally {
    if (second) {
      await within(1_000, second.simple('rollback')).catch(() => undefined);
      second.destroy();
    }
  }
}

async function serverPid(connection: Connection): Promise<string | null | undefined> {
  const [result] = await connection.simple('select pg_catalog.pg_backend_pid()');
  return result?.rows[0]?.[0];
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  promise.catch(() => undefined);
  return Promise.race([promise, sleep(ms, undefined, { ref: false })]);
}
