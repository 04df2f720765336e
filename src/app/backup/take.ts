import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { GodwitError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { BackupManifest, Backups } from '../../ports/backup.ts';
import type { Driver, Target } from '../../ports/driver.ts';
import { VERSION } from '../../version.ts';
import { backupError, checkFreeDisk, describeFiles, syncFolder } from './files.ts';
import { entryOf, MANIFEST } from './library.ts';
import type { BackupTaken } from './types.ts';

export interface TakeRequest {
  readonly driver: Driver;
  readonly settings: Settings;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly only: readonly string[] | undefined;
  readonly reason: string;
  /** Also the plain file beside the dated copy. */
  readonly plain: boolean;
}

/**
 * Makes a dated copy under the lock that is held. It has its name only when it is whole:
 * files are written into a folder of another name, which is renamed at the end.
 *
 * @throws GodwitError GODWIT_BACKUP_FAILED, GODWIT_DISK_FULL, GODWIT_UNSUPPORTED,
 *   GODWIT_STOPPED; nothing that looks like a backup is left then
 */
export async function takeBackup(request: TakeRequest): Promise<BackupTaken> {
  const { driver, settings, emit } = request;
  const { dir } = settings.backup;
  const backups = await openBackups(driver, settings);
  const started = performance.now();
  const id = newId();
  let tool = '';
  const ended = { type: 'backup.ended', id, action: 'create', folder: join(dir, id) } as const;
  const durationMs = () => Math.round(performance.now() - started);
  try {
    await prepareFolder(dir, driver.target);
    const { only } = request;
    const estimate = await backups.estimate({ only, plain: request.plain });
    tool = estimate.tool;
    emit({ type: 'backup.started', id, action: 'create', tool, bytes: estimate.bytes });
    await checkFreeDisk(dir, estimate.bytes);
    const manifest = await write(backups, request, { id, durationMs });
    const plain = request.plain ? await writePlain(backups, dir, id, driver.target) : null;
    const entry = entryOf({ folder: ended.folder, manifest });
    emit({
      ...ended,
      tool: manifest.tool,
      ...(plain !== null && { plain }),
      bytes: entry.bytes,
      durationMs: durationMs(),
      notes: manifest.notes,
    });
    return { ...entry, plain };
  } catch (thrown) {
    await clearPartial(dir, driver.target).catch(() => undefined);
    const error = backupError(thrown, dir);
    emit({
      ...ended,
      ...{ tool, bytes: 0, durationMs: durationMs(), notes: [], error: error.toJSON() },
    });
    throw error;
  } finally {
    await backups.close();
  }
}

/** @throws GodwitError GODWIT_UNSUPPORTED */
export async function openBackups(driver: Driver, { backup }: Settings): Promise<Backups> {
  const { pgDump, compression, consistency } = backup;
  if (driver.backups) return driver.backups({ pgDump, compression, consistency });
  throw new GodwitError('GODWIT_UNSUPPORTED', `There are no backups of ${driver.name} yet.`, {
    state: 'Nothing was run.',
  });
}

async function write(
  backups: Backups,
  { driver, settings, emit, signal, only, reason }: TakeRequest,
  { id, durationMs }: { id: string; durationMs: () => number },
): Promise<BackupManifest> {
  const { dir } = settings.backup;
  const at = new Date().toISOString();
  const partial = join(dir, partialName(id, driver.target));
  await mkdir(partial, { mode: 0o700 });
  const onProgress = (progress: { name: string; done: number; total: number; rows: number }) =>
    emit({ type: 'backup.progress', id, ...progress });
  const data = await backups.create({ folder: partial, only, signal, onProgress });
  const { host, database, driver: name } = driver.target;
  const manifest: BackupManifest = {
    ...{ format: 1, id, driver: name, host, database, at, reason },
    durationMs: durationMs(),
    ...data,
    files: await describeFiles(partial, data.files),
    godwit: VERSION,
  };
  if (signal.aborted) throw new GodwitError('GODWIT_STOPPED', 'Stopped.');
  await writeSynced(join(partial, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await syncFolder(partial);
  await rename(partial, join(dir, id));
  await syncFolder(dir);
  return manifest;
}

/** Made of the dated copy, so that the copy has been read once. */
async function writePlain(
  backups: Backups,
  dir: string,
  id: string,
  target: Target,
): Promise<string | null> {
  if (!backups.plain) return null;
  const partial = join(dir, partialName(id, target));
  const file = join(dir, backups.plain.name);
  try {
    await backups.plain.write(join(dir, id), partial);
    await chmod(partial, 0o600);
    await rename(partial, file);
  } catch (error) {
    // The plan does not begin, so this is no backup of before it.
    await rm(join(dir, id), { recursive: true, force: true });
    throw error;
  }
  await syncFolder(dir);
  return file;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** `20261121-131500-3f2a9c`. */
function newId(): string {
  const [day = '', time = ''] = new Date().toISOString().split('T');
  const stamp = `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}

/** Copies hold everybody's data: only their owner may read them, and git shall not. */
async function prepareFolder(dir: string, target: Target): Promise<void> {
  const isNew = (await mkdir(dir, { recursive: true, mode: 0o700 })) !== undefined;
  if (isNew) await writeFile(join(dir, '.gitignore'), '*\n', { flag: 'wx' });
  if (!(await stat(dir)).isDirectory()) throw new Error(`${dir} is not a folder.`);
  await clearPartial(dir, target);
}

function partialName(id: string, target: Target): string {
  return `.${id}.${tagOf(target)}.partial`;
}

function tagOf({ driver, host, database }: Target): string {
  return createHash('sha256').update(`${driver} ${host} ${database}`).digest('hex').slice(0, 8);
}

/** Whoever began these is gone: the lock of their database is held by this process. */
async function clearPartial(dir: string, target: Target): Promise<void> {
  const end = `.${tagOf(target)}.partial`;
  for (const name of await readdir(dir)) {
    if (name.startsWith('.') && name.endsWith(end)) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}
