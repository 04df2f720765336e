import type { Project } from '../project.ts';
import { readState, statusesOf } from '../read-state.ts';
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
    const pruned = (await isBroken(project)) ? [] : await pruneAfter(backup, settings, emit);
    return { backup, pruned };
  });
}

/** One of the older ones may be from before what failed. What is not known counts as that. */
async function isBroken(project: Project): Promise<boolean> {
  try {
    // The lock is this command's own: whatever is still running was interrupted.
    const state = { ...(await readState(project)), holder: undefined };
    return statusesOf(state).some((one) => ['failed', 'interrupted'].includes(one.state));
  } catch {
    return true;
  }
}
