import { GodwitError } from '../../errors.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Snapshot, SnapshotOptions } from '../../ports/snapshot.ts';
import type { Project } from '../project.ts';
import type { SchemaApi, SchemaDump } from './types.ts';

/** Everything of it is loaded when it is asked for: `up` and `status` never do. */
export function schemaApi(project: Project): SchemaApi {
  return {
    dump: (options = {}) => dump(project, options),
    diff: async (options = {}) => (await import('./diff.ts')).diffSides(project, options),
    diffPlan: async (options = {}) => (await import('./plan.ts')).diffPlan(project, options),
  };
}

async function dump(project: Project, options: SnapshotOptions): Promise<SchemaDump> {
  const driver = await project.driver();
  const snapshot = await takeSnapshot(driver, options);
  return { snapshot, script: await scriptOf(driver, snapshot, 'file') };
}

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
