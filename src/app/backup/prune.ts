import type { Settings } from '../../config/settings.ts';
import { GodwitError, thrownMessage } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { confirmProduction } from '../confirm-production.ts';
import type { Project } from '../project.ts';
import { withLock } from '../with-session.ts';
import { entryOf, isOf, readLibrary, removeBackup } from './library.ts';
import { choosePrunable } from './retention.ts';
import type { BackupEntry, BackupPruneOptions, PruneReport } from './types.ts';

/** Removes old ones of this database; those of others in the same folder are left alone. */
export async function pruneBackups(
  project: Project,
  options: BackupPruneOptions,
): Promise<PruneReport> {
  const { keep, dryRun = false } = options;
  const { backup } = await project.settings();
  const retention = keep ?? backup.keep;
  if (Object.values(retention).every((limit) => limit === undefined)) throw nothingToKeep();
  const { target } = await project.driver();
  const prune = async (): Promise<PruneReport> => {
    const entries = (await readLibrary(backup.dir)).backups.map(entryOf);
    const own = entries.filter((entry) => isOf(entry, target));
    const removed = choosePrunable(own, retention, Date.now()).reverse();
    if (!dryRun) for (const { folder } of removed) await removeBackup(folder);
    const freedBytes = removed.reduce((sum, entry) => sum + entry.bytes, 0);
    return { removed, kept: own.length - removed.length, freedBytes, dryRun };
  };
  if (dryRun) return prune();
  const what = 'remove backups';
  await confirmProduction(project, options.confirmed, { what, command: 'backup prune' });
  // Not the one that somebody restores just now, nor beside a plan that makes one and prunes.
  return withLock(project, project.options.command ?? 'backup prune', options, prune);
}

/** After a new one was made. What cannot be removed is said, and stops nothing. */
export async function pruneAfter(
  made: BackupEntry,
  { backup }: Settings,
  emit: Emit,
): Promise<string[]> {
  if (Object.values(backup.keep).every((limit) => limit === undefined)) return [];
  try {
    const entries = (await readLibrary(backup.dir)).backups.map(entryOf);
    const own = entries.filter((entry) => isOf(entry, made));
    const removed = choosePrunable(own, backup.keep, Date.now()).filter(({ id }) => id !== made.id);
    for (const { folder } of removed) await removeBackup(folder);
    return removed.map(({ id }) => id).reverse();
  } catch (error) {
    const message = `Older backups could not be removed: ${thrownMessage(error)}`;
    emit({ type: 'warning', code: 'backup-prune', message });
    return [];
  }
}

function nothingToKeep(): GodwitError {
  return new GodwitError('GODWIT_USAGE', 'Say which backups may stay.', {
    state: 'Nothing was removed.',
    next: ['godwit backup prune --keep 10', 'or once for all: backup.keep in the config'],
  });
}
