import type { Snapshot, SnapshotOptions } from '../../../ports/snapshot.ts';
import type { Connection } from '../connection.ts';
import { localRole, type Store } from '../store.ts';
import { readSchema, toSnapshot } from './dump.ts';

/** The schema as one moment sees it, without godwit's own. Writes nothing. */
export async function takeSnapshot(
  connection: Connection,
  store: Store,
  driver: Snapshot['driver'],
  options: SnapshotOptions,
): Promise<Snapshot> {
  await connection.simple(`begin isolation level repeatable read read only;${localRole(store)}`);
  try {
    return toSnapshot(await readSchema(connection, { ...options, store: store.schema }), driver);
  } finally {
    await connection.simple('rollback');
  }
}

/** Of a database that does not exist yet. */
export function emptySnapshot(driver: Snapshot['driver']): Snapshot {
  return { format: 1, driver, server: '', objects: [], roles: [], warnings: [] };
}
