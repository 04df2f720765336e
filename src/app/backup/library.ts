import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GodwitError, thrownMessage } from '../../errors.ts';
import type { BackupManifest } from '../../ports/backup.ts';
import type { Target } from '../../ports/driver.ts';
import type { BackupEntry } from './types.ts';

export const MANIFEST = 'manifest.json';

/** A backup on disk: only what has a manifest is one. */
export interface StoredBackup {
  readonly folder: string;
  readonly manifest: BackupManifest;
}

export interface Library {
  /** Oldest first. */
  readonly backups: readonly StoredBackup[];
  readonly problems: readonly { readonly id: string; readonly message: string }[];
}

/** Reads the manifests in a folder; one that is not there holds none. */
export async function readLibrary(dir: string): Promise<Library> {
  const backups: StoredBackup[] = [];
  const problems: { id: string; message: string }[] = [];
  for (const id of await backupNames(dir)) {
    const folder = join(dir, id);
    try {
      backups.push({ folder, manifest: await readManifest(folder, id) });
    } catch (error) {
      problems.push({ id, message: thrownMessage(error) });
    }
  }
  backups.sort((a, b) => (a.manifest.at < b.manifest.at ? -1 : 1));
  return { backups, problems };
}

/** Ids begin with the time; partial ones with a dot. */
async function backupNames(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && /^\d{8}-\d{6}-/.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new GodwitError('GODWIT_BACKUP_FAILED', `${dir} cannot be read.`, {
      cause: error,
      where: { file: dir },
    });
  }
}

async function readManifest(folder: string, id: string): Promise<BackupManifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8');
  const manifest = JSON.parse(text) as BackupManifest;
  if (manifest.format !== 1) {
    throw new Error(`its manifest has format ${manifest.format}, made by a newer godwit`);
  }
  if (manifest.id !== id || !Array.isArray(manifest.files) || !Array.isArray(manifest.contents)) {
    throw new Error('its manifest is not that of this folder');
  }
  return manifest;
}

/** Those of one database: several may share a folder. */
export function ofTarget(library: Library, target: Target): Library {
  const backups = library.backups.filter(({ manifest }) => isOf(manifest, target));
  return { ...library, backups };
}

export function isOf(
  { driver, host, database }: Pick<BackupEntry, 'driver' | 'host' | 'database'>,
  of: Pick<BackupEntry, 'driver' | 'host' | 'database'>,
): boolean {
  return driver === of.driver && host === of.host && database === of.database;
}

/**
 * The one that is meant: an id or what it begins with, or the newest.
 *
 * @throws GodwitError GODWIT_BACKUP_UNKNOWN
 */
export function findBackup({ backups }: Library, id: string | undefined, dir: string) {
  const found =
    id === undefined
      ? backups.slice(-1)
      : backups.filter(({ manifest }) => manifest.id === id || manifest.id.startsWith(id));
  const exact = found.find(({ manifest }) => manifest.id === id);
  const [only, ...others] = exact ? [exact] : found;
  if (only !== undefined && others.length === 0) return only;
  const message =
    only !== undefined
      ? `${id} may be any of ${found.map(({ manifest }) => manifest.id).join(', ')}.`
      : id === undefined
        ? `There is no backup in ${dir}.`
        : `There is no backup ${id} in ${dir}.`;
  throw new GodwitError('GODWIT_BACKUP_UNKNOWN', message, {
    state: 'Nothing was changed.',
    next: ['godwit backup list'],
  });
}

export function entryOf({ folder, manifest }: StoredBackup): BackupEntry {
  const { id, at, driver, host, database, reason, tool, consistency, only, notes } = manifest;
  const counted = manifest.contents.filter((content) => content.rows !== undefined);
  return {
    ...{ id, at, driver, host, database, reason, tool, consistency },
    only: only ?? null,
    bytes: bytesOf(manifest),
    tables: counted.length,
    rows: counted.reduce((sum, content) => sum + (content.rows ?? 0), 0),
    durationMs: manifest.durationMs,
    folder,
    notes,
  };
}

export function bytesOf({ files }: BackupManifest): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** The manifest goes first: what is left of a removal that was cut short is no backup. */
export async function removeBackup(folder: string): Promise<void> {
  await rm(join(folder, MANIFEST), { force: true });
  await rm(folder, { recursive: true, force: true });
}
