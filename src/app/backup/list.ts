import type { Project } from '../project.ts';
import { entryOf, readLibrary } from './library.ts';
import type { BackupListing } from './types.ts';

export async function listBackups(project: Project): Promise<BackupListing> {
  const { backup } = await project.settings();
  const { backups, problems } = await readLibrary(backup.dir);
  return { dir: backup.dir, backups: backups.map(entryOf), problems };
}
