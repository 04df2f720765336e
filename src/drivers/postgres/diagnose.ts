import type { Diagnosis } from '../../ports/driver.ts';
import type { Connection } from './connection.ts';
import type { Store } from './store.ts';

export async function diagnose(_connection: Connection, _store: Store): Promise<Diagnosis[]> {
  return [];
}
