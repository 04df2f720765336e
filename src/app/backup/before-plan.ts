import type { Direction } from '../../ports/migration.ts';
import { statusesOf } from '../read-state.ts';
import type { Work } from '../with-session.ts';
import { pruneAfter } from './prune.ts';
import { takeBackup } from './take.ts';
import type { BackupTaken } from './types.ts';

/**
 * The copy that a plan begins with; older ones go as the config's `backup.keep` says. While
 * an earlier plan is not put right none goes: one of them is from before it failed.
 */
export async function backupForPlan({
  settings,
  driver,
  project,
  stop,
  direction,
  state,
}: Pick<Work, 'settings' | 'driver' | 'project' | 'stop' | 'state'> & {
  readonly direction: Direction;
}): Promise<BackupTaken> {
  const { emit } = project;
  const taken = await takeBackup({
    ...{ driver, settings, emit, signal: stop, plain: true },
    only: settings.backup.only,
    reason: `before ${project.options.command ?? direction}`,
  });
  const broken = statusesOf(state).some((one) => ['failed', 'interrupted'].includes(one.state));
  if (!broken) await pruneAfter(taken, settings, emit);
  return taken;
}
