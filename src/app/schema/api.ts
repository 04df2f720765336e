import type { SnapshotOptions } from '../../ports/snapshot.ts';
import type { Project } from '../project.ts';
import { scriptOf, takeSnapshot } from './take-snapshot.ts';
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
