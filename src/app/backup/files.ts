import { createHash } from 'node:crypto';
import { open, readdir, statfs } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { showBytes } from '../../core/text/show-bytes.ts';
import { GodwitError, thrownMessage } from '../../errors.ts';
import type { BackupFile } from '../../ports/backup.ts';

/**
 * Every file below a folder, sorted, with what it holds; written through to the disk.
 *
 * @param known those that whoever wrote them has described, and need not be read again
 */
export async function describeFiles(
  folder: string,
  known: readonly BackupFile[] = [],
): Promise<BackupFile[]> {
  const described = new Map(known.map((file) => [file.path, file]));
  const files: BackupFile[] = [];
  for (const path of await listFiles(folder)) {
    files.push(described.get(path) ?? { path, ...(await digest(join(folder, path), true)) });
  }
  return files;
}

/** Relative paths with `/`, sorted. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'))
    .sort();
}

/** Size and SHA-256 of a file, read in pieces. */
export async function digest(
  path: string,
  sync = false,
): Promise<{ bytes: number; sha256: string }> {
  const file = await open(path, sync ? 'r+' : 'r');
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    if (sync) await file.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/** A rename survives a power cut once its folder is written. */
export async function syncFolder(folder: string): Promise<void> {
  // Not every system lets a folder be opened.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/**
 * Refuses before anything is written, when less is free than is expected to be needed.
 *
 * @throws GodwitError GODWIT_DISK_FULL
 */
export async function checkFreeDisk(dir: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = Number(bavail) * Number(bsize);
  if (free >= bytes) return;
  throw diskFull(
    `The backup needs about ${showBytes(bytes)}, and ${showBytes(free)} are free in ${dir}.`,
  );
}

const NOTHING_BEGUN =
  'The database is unchanged, and nothing that was to follow the backup was begun.';

/** What went wrong while a backup was made, as an error of ours. */
export function backupError(thrown: unknown, dir: string): GodwitError {
  if (thrown instanceof GodwitError) {
    const { code, message, where, next } = thrown;
    const state = thrown.state ?? NOTHING_BEGUN;
    return new GodwitError(code, message, { where, next, state, cause: thrown });
  }
  const code = errnoOf(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return diskFull(`The disk of ${dir} became full while the backup was written.`, thrown);
  }
  const why = thrownMessage(thrown);
  return new GodwitError('GODWIT_BACKUP_FAILED', `The backup could not be made: ${why}`, {
    cause: thrown,
    where: { file: dir },
    state: NOTHING_BEGUN,
    next: ['mend what is named, then the same command again'],
  });
}

/** Streams wrap the error that stopped them. */
function errnoOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { code, cause } = thrown as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? undefined : errnoOf(cause);
}

function diskFull(message: string, cause?: unknown): GodwitError {
  return new GodwitError('GODWIT_DISK_FULL', message, {
    cause,
    state: NOTHING_BEGUN,
    next: [
      'make room: godwit backup prune --keep 1',
      'or put backups on another disk: backup.dir in the config',
    ],
  });
}
