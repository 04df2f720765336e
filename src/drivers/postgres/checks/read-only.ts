import { localRole } from '../store.ts';
import type { Asking } from './checks.ts';

/**
 * Does something in a transaction that the server keeps from writing, and always rolls it
 * back. After the first query it can no longer be made one that writes.
 */
export async function readOnly<T>(
  { connection, store }: Pick<Asking, 'connection' | 'store'>,
  work: () => Promise<T>,
): Promise<T> {
  await connection.simple(
    `begin isolation level repeatable read read only;${localRole(store)}select 1`,
  );
  try {
    return await work();
  } finally {
    if (!connection.lost.aborted && connection.state !== 'I') await connection.simple('rollback');
  }
}
