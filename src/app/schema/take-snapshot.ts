import { GodwitError } from '../../errors.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Snapshot, SnapshotOptions } from '../../ports/snapshot.ts';

/** @throws GODWIT_UNSUPPORTED */
export async function takeSnapshot(driver: Driver, options: SnapshotOptions): Promise<Snapshot> {
  if (driver.snapshot === undefined) throw unsupported(driver);
  return driver.snapshot(options);
}

export async function scriptOf(
  driver: Driver,
  snapshot: Snapshot,
  purpose: 'file' | 'migration',
): Promise<string> {
  if (driver.snapshotScript === undefined) throw unsupported(driver);
  return driver.snapshotScript(snapshot, purpose);
}

function unsupported({ name }: Driver): GodwitError {
  return new GodwitError('GODWIT_UNSUPPORTED', `The driver ${name} takes no schema snapshots.`, {
    state: 'Nothing was done.',
  });
}
