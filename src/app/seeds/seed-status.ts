import { joinStates, type MigrationStatus } from '../../core/state.ts';
import type { Project } from '../project.ts';
import { type ProjectState, readState } from '../read-state.ts';
import { seedProject } from './seed-project.ts';

/** In the order of the listing; what has no file comes last. */
export function seedStatuses(state: ProjectState): MigrationStatus[] {
  const { migrations, records, holder } = state;
  const place = new Map(migrations.map(({ version }, index) => [version, index]));
  const last = migrations.length;
  return joinStates(migrations, records, holder, 'seed').sort(
    (a, b) => (place.get(a.version) ?? last) - (place.get(b.version) ?? last),
  );
}

/** For `status`. Reads only. */
export async function readSeedStatuses(project: Project): Promise<MigrationStatus[]> {
  const settings = await project.settings();
  const state = await readState(seedProject(project));
  return seedStatuses(state).filter(
    // Seeds of other environments have no file here, and are not missing.
    ({ state: is, version }) =>
      is !== 'missing' || !version.includes('/') || version.startsWith(`${settings.environment}/`),
  );
}
