import { toGodwitError } from '../../errors.ts';
import type { Finding } from '../../ports/finding.ts';
import type { Project } from '../project.ts';
import { checkFiles } from './check-files.ts';
import { bytesOf, findBackup, readLibrary, type StoredBackup } from './library.ts';
import { restoreWith } from './restore.ts';
import { openBackups } from './take.ts';
import type { BackupVerification, BackupVerifyOptions } from './types.ts';

/** Whether backups are what they were. Reads only, but for a scratch database. */
export async function verifyBackups(
  project: Project,
  id: string | undefined,
  options: BackupVerifyOptions,
): Promise<BackupVerification> {
  const { backup } = await project.settings();
  const library = await readLibrary(backup.dir);
  const all = id === undefined && options.rehearse !== true;
  const chosen = all ? library.backups : [findBackup(library, id, backup.dir)];
  const findings: Finding[] = all
    ? library.problems.map(({ id: name, message }) => unreadable(name, message))
    : [];
  const verified: BackupVerification['verified'][number][] = [];
  for (const stored of chosen) {
    const problems = await checkFiles(stored);
    findings.push(...problems.map((problem) => damaged(stored, problem)));
    const rehearsed = options.rehearse === true && problems.length === 0;
    if (rehearsed) findings.push(...(await rehearse(project, stored, options)));
    const { manifest } = stored;
    const bytes = bytesOf(manifest);
    verified.push({ id: manifest.id, files: manifest.files.length, bytes, rehearsed });
  }
  const count = (severity: Finding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length;
  const summary = { error: count('error'), warning: count('warning'), info: count('info') };
  return { verified, findings, summary };
}

async function rehearse(
  project: Project,
  stored: StoredBackup,
  { signal }: BackupVerifyOptions,
): Promise<Finding[]> {
  const backups = await openBackups(await project.driver(), await project.settings());
  try {
    const report = await restoreWith(backups, stored, {
      ...{ emit: project.emit, only: undefined, action: 'verify' },
      signal: signal ?? new AbortController().signal,
    });
    return report.notes.map((message) => ({
      ...{ code: 'backup-note', severity: 'info', where: whereOf(stored), message, fix: '' },
    }));
  } catch (thrown) {
    const error = toGodwitError(thrown, 'GODWIT_RESTORE_FAILED');
    if (error.code !== 'GODWIT_RESTORE_FAILED') throw error;
    const fix = 'take another one: godwit backup create';
    const { message } = error;
    return [{ code: error.code, severity: 'error', where: whereOf(stored), message, fix }];
  } finally {
    await backups.close();
  }
}

function damaged(stored: StoredBackup, problem: string): Finding {
  return {
    code: 'GODWIT_BACKUP_DAMAGED',
    severity: 'error',
    where: whereOf(stored),
    message: `${problem}.`,
    fix: 'fetch it again from where it was copied to, or take another one',
  };
}

function unreadable(id: string, message: string): Finding {
  return {
    code: 'GODWIT_BACKUP_UNKNOWN',
    severity: 'warning',
    where: { id },
    message: `${id} cannot be read: ${message}.`,
    fix: 'a folder without a manifest.json is no backup: remove it',
  };
}

function whereOf({ folder, manifest }: StoredBackup): Finding['where'] {
  return { file: folder, id: manifest.id };
}
