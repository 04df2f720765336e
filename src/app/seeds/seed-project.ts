import { GodwitError } from '../../errors.ts';
import type { SeedListing } from '../../formats/seeds/seed.ts';
import { listSeeds } from '../../formats/seeds/seed-source.ts';
import type { MirrorSpec } from '../../ports/history.ts';
import type { Project } from '../project.ts';

/** The seeds of the project's environment as they are now. */
export async function listProjectSeeds(project: Project): Promise<SeedListing> {
  const settings = await project.settings();
  return listSeeds({
    root: settings.root,
    dir: settings.seedDir,
    environment: settings.environment,
    registered: [...settings.seeds],
    variables: settings.substituteVariables,
  });
}

/**
 * The same project with its seeds in the place of its migrations, so that lock, history
 * and runner are the same for both.
 */
export function seedProject(project: Project): Project {
  let mirrors: Promise<MirrorSpec[]> | undefined;
  return {
    ...project,
    options: { ...project.options, migrations: [] },
    // Asked first under the lock, where there is one: only there PGlite waits for others.
    mirrors: () => {
      mirrors ??= ownMirror(project);
      return mirrors;
    },
    list: async () => {
      const { seeds, problems } = await listProjectSeeds(project);
      return { migrations: seeds, problems };
    },
  };
}

/**
 * The mirror, unless a collection of that name holds things of the application's own: an
 * application may well have `seeds`, and nobody asked for the name.
 */
async function ownMirror(project: Project): Promise<MirrorSpec[]> {
  const { seedMirror, seedMirrorAsked } = await project.settings();
  if (seedMirror === undefined) return [];
  if (seedMirrorAsked) return [seedMirror];
  const driver = await project.driver();
  const records = await driver.readMirror(seedMirror).catch((error: unknown) => {
    if (error instanceof GodwitError && error.code !== 'GODWIT_INTERNAL') throw error;
    return undefined;
  });
  if (records?.length === 0) return [seedMirror];
  const known = new Set((await driver.history.versions()).map(({ id }) => id));
  const { seeds } = await listProjectSeeds(project);
  for (const { id } of seeds) known.add(id);
  if (records?.some(({ key }) => known.has(key))) return [seedMirror];
  project.emit({
    type: 'warning',
    code: 'seed-mirror',
    message: `${seedMirror.name} holds no records of seeds, so it is left alone: name another in seedMirror, or false.`,
  });
  return [];
}
