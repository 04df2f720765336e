import { GodwitError, toGodwitError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { Backups, RestoreReport } from '../../ports/backup.ts';
import type { Target } from '../../ports/driver.ts';
import type { Project } from '../project.ts';
import { withLock } from '../with-session.ts';
import { checkFiles } from './check-files.ts';
import { compareContents, within } from './compare.ts';
import { bytesOf, entryOf, findBackup, readLibrary, type StoredBackup } from './library.ts';
import { openBackups } from './take.ts';
import type { BackupRestoreOptions, RestoreResult } from './types.ts';

/** Brings back a backup under the lock, and compares what is there then. */
export async function restoreBackup(
  project: Project,
  id: string | undefined,
  options: BackupRestoreOptions,
): Promise<RestoreResult> {
  const { backup } = await project.settings();
  const stored = findBackup(await readLibrary(backup.dir), id, backup.dir);
  const driver = await project.driver();
  refuseOther(stored, driver.target, options.otherDatabase === true);
  await insistOnFiles(stored);
  const command = project.options.command ?? 'backup restore';
  return withLock(project, command, options, async ({ settings, stop }) => {
    const backups = await openBackups(driver, settings);
    try {
      return await restoreWith(backups, stored, {
        ...{ emit: project.emit, signal: stop, only: options.only, action: 'restore' },
      });
    } finally {
      await backups.close();
    }
  });
}

export interface RestoreRequest {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly only: readonly string[] | undefined;
  /** `verify` restores into a scratch database. */
  readonly action: 'restore' | 'verify';
}

/** @throws GodwitError GODWIT_RESTORE_FAILED, also when what is there then differs */
export async function restoreWith(
  backups: Backups,
  stored: StoredBackup,
  { emit, signal, only, action }: RestoreRequest,
): Promise<RestoreResult> {
  const { folder, manifest } = stored;
  const { id, tool } = manifest;
  const bytes = bytesOf(manifest);
  const started = performance.now();
  const durationMs = () => Math.round(performance.now() - started);
  emit({ type: 'backup.started', id, action, tool, bytes });
  const ended = { type: 'backup.ended', id, action, tool, folder, bytes } as const;
  const options = {
    ...{ folder, manifest, only, signal },
    onProgress: (progress: { name: string; done: number; total: number; rows: number }) =>
      emit({ type: 'backup.progress', id, ...progress }),
  };
  try {
    const report = await (action === 'restore'
      ? backups.restore(options)
      : backups.rehearse(options));
    insistOnContents(stored, only, report);
    const counted = report.contents.filter((content) => content.rows !== undefined);
    const result = {
      backup: entryOf(stored),
      tool: report.tool,
      tables: counted.length,
      rows: counted.reduce((sum, content) => sum + (content.rows ?? 0), 0),
      durationMs: durationMs(),
      notes: report.notes,
    };
    emit({ ...ended, durationMs: durationMs(), notes: report.notes });
    return result;
  } catch (thrown) {
    const error = toGodwitError(thrown, 'GODWIT_RESTORE_FAILED');
    emit({ ...ended, durationMs: durationMs(), notes: [], error: error.toJSON() });
    throw error;
  }
}

function insistOnContents(
  { manifest }: StoredBackup,
  only: readonly string[] | undefined,
  report: RestoreReport,
): void {
  const differences = compareContents(within(manifest.contents, only), report.contents);
  if (differences.length === 0) return;
  throw new GodwitError(
    'GODWIT_RESTORE_FAILED',
    `${manifest.id} was restored, and what is there differs from it:\n${differences.map((one) => `  - ${one}`).join('\n')}`,
    {
      state: 'The database has what was restored.',
      next: ['see whether somebody else wrote to it meanwhile', 'restore it again'],
    },
  );
}

/** @throws GodwitError GODWIT_BACKUP_DAMAGED */
export async function insistOnFiles(stored: StoredBackup): Promise<void> {
  const problems = await checkFiles(stored);
  if (problems.length === 0) return;
  const { id } = stored.manifest;
  throw new GodwitError(
    'GODWIT_BACKUP_DAMAGED',
    `The backup ${id} is damaged:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    {
      where: { file: stored.folder },
      state: 'Nothing was restored.',
      next: ['take another one: godwit backup list'],
    },
  );
}

/** What was production's must not come over a database of another name by mistake. */
function refuseOther({ manifest }: StoredBackup, target: Target, allowed: boolean): void {
  if (manifest.driver !== target.driver) {
    throw new GodwitError(
      'GODWIT_UNSUPPORTED',
      `${manifest.id} is a backup of ${manifest.driver}; this database is ${target.driver}.`,
      { state: 'Nothing was restored.', next: ['godwit backup list'] },
    );
  }
  if (allowed || manifest.database === target.database) return;
  throw new GodwitError(
    'GODWIT_USAGE',
    `${manifest.id} is a backup of the database ${manifest.database}; this one is ${target.database}.`,
    {
      state: 'Nothing was restored.',
      next: [`if it is meant: godwit backup restore ${manifest.id} --other-database`],
    },
  );
}
