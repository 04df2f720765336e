import { GodwitError, toGodwitError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { Backups, RestoreReport } from '../../ports/backup.ts';
import type { Target } from '../../ports/driver.ts';
import { confirmProduction } from '../confirm-production.ts';
import type { Project } from '../project.ts';
import { withLock } from '../with-session.ts';
import { checkFiles } from './check-files.ts';
import { compareContents, within } from './compare.ts';
import {
  bytesOf,
  entryOf,
  findBackup,
  ofTarget,
  readLibrary,
  type StoredBackup,
} from './library.ts';
import { openBackups } from './take.ts';
import type { BackupRestoreOptions, RestoreResult } from './types.ts';

/** Brings back a backup under the lock, and compares what is there then. */
export async function restoreBackup(
  project: Project,
  id: string | undefined,
  options: BackupRestoreOptions,
): Promise<RestoreResult> {
  await confirmProduction(project, options.confirmed, {
    what: 'replacing everything',
    command: ['backup restore', id].filter(Boolean).join(' '),
  });
  const { backup } = await project.settings();
  const driver = await project.driver();
  const library = await readLibrary(backup.dir);
  const other = options.otherDatabase === true;
  // The newest is the newest of this database; another's has to be named, or asked for.
  const own = id === undefined && !other ? ofTarget(library, driver.target) : library;
  const stored = findBackup(own.backups.length > 0 ? own : library, id, backup.dir);
  refuseOther(stored, driver.target, other);
  await insistOnFiles(stored);
  const command = project.options.command ?? 'backup restore';
  return withLock(project, command, options, async ({ settings, stop, session }) => {
    const backups = await openBackups(driver, settings);
    const signal = AbortSignal.any([stop, session.lost]);
    try {
      return await restoreWith(backups, stored, {
        ...{ emit: project.emit, signal, only: options.only, action: 'restore' },
      });
    } catch (thrown) {
      throw session.lost.aborted ? lostMeanwhile(session.lost, thrown) : thrown;
    } finally {
      await backups.close();
    }
  });
}

/** What it was told to stop by is the lock; what the database has is known where it stopped. */
function lostMeanwhile({ reason }: AbortSignal, thrown: unknown): GodwitError {
  const lost = toGodwitError(reason, 'GODWIT_LOCK_LOST');
  const { state, next } = toGodwitError(thrown);
  return new GodwitError('GODWIT_LOCK_LOST', lost.message, { state, next, cause: thrown });
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

/**
 * What was production's must not come over another database by mistake: staging's often has
 * the same name on another host.
 */
function refuseOther({ manifest }: StoredBackup, target: Target, allowed: boolean): void {
  if (manifest.driver !== target.driver) {
    throw new GodwitError(
      'GODWIT_UNSUPPORTED',
      `${manifest.id} is a backup of ${manifest.driver}; this database is ${target.driver}.`,
      { state: 'Nothing was restored.', next: ['godwit backup list'] },
    );
  }
  const { database, host } = manifest;
  if (allowed || (database === target.database && host === target.host)) return;
  throw new GodwitError(
    'GODWIT_USAGE',
    `${manifest.id} is a backup of the database ${database} at ${host}; this one is ${target.database} at ${target.host}.`,
    {
      state: 'Nothing was restored.',
      next: [`if it is meant: godwit backup restore ${manifest.id} --other-database`],
    },
  );
}
