import type { Direction } from '../../ports/migration.ts';
import type { Work } from '../with-session.ts';
import { pruneAfter } from './prune.ts';
import { takeBackup } from './take.ts';
import type { BackupTaken } from './types.ts';

/** The copy that a plan begins with; older ones go as the config's `backup.keep` says. */
export async function backupForPlan({
  settings,
  driver,
  project,
  stop,
  direction,
}: Pick<Work, 'settings' | 'driver' | 'project' | 'stop'> & {
  readonly direction: Direction;
}): Promise<BackupTaken> {
  const { emit } = project;
  const taken = await takeBackup({
    ...{ driver, settings, emit, signal: stop, plain: true },
    only: settings.backup.only,
    reason: `before ${project.options.command ?? direction}`,
  });
  await pruneAfter(taken, settings, emit);
  return taken;
}
