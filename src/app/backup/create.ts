import type { Project } from '../project.ts';
import { withLock } from '../with-session.ts';
import { pruneAfter } from './prune.ts';
import { takeBackup } from './take.ts';
import type { BackupCreateOptions, BackupReport } from './types.ts';

/** A copy because somebody asked for it. */
export async function createBackup(
  project: Project,
  options: BackupCreateOptions,
): Promise<BackupReport> {
  const command = project.options.command ?? 'backup';
  return withLock(project, command, options, async ({ driver, settings, stop }) => {
    const { emit } = project;
    const backup = await takeBackup({
      ...{ driver, settings, emit, signal: stop },
      only: options.only ?? settings.backup.only,
      reason: options.reason ?? 'by hand',
      plain: options.plain ?? false,
    });
    return { backup, pruned: await pruneAfter(backup, settings, emit) };
  });
}
