import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../config/embedded-binary.ts';
import { GodwitError } from '../errors.ts';

/** Whom the server runs as, where that is somebody else. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

const ARGUMENTS = [
  ...['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
];

/**
 * Makes a data folder in an empty one. `initdb` is ten times the work of copying what it makes,
 * so it is asked once for each version, and kept in godwit's cache.
 */
export async function makeDataFolder(initdb: string, folder: string, owner: Owner): Promise<void> {
  const template = await templateOf(initdb);
  if (existsSync(template)) {
    // A thousand small files: one by one through the thread pool costs twice as much.
    cpSync(template, folder, { recursive: true });
    give(folder, owner);
    return;
  }
  await initialise(initdb, folder, owner);
  // Where the cache cannot be written to, the next one asks initdb as well.
  await keep(folder, template).catch(() => undefined);
}

async function templateOf(initdb: string): Promise<string> {
  const { stdout } = await promisify(execFile)(initdb, ['--version']);
  const what = [stdout.trim(), process.arch, ...ARGUMENTS].join('\n');
  const name = createHash('sha256').update(what).digest('hex').slice(0, 12);
  return join(cacheFolder(), `postgres-data-${name}`);
}

async function initialise(initdb: string, folder: string, owner: Owner): Promise<void> {
  const child = spawn(initdb, ['-D', folder, ...ARGUMENTS], {
    ...owner,
    cwd: folder,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new GodwitError('GODWIT_CONNECT_FAILED', `initdb failed:\n${log}`);
}

/** Whoever comes first wins; a rename is all or nothing. */
async function keep(folder: string, template: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const fresh = await mkdtemp(`${template}.`);
  try {
    cpSync(folder, fresh, { recursive: true });
    await rename(fresh, template);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function give(folder: string, { uid, gid }: Owner): void {
  if (uid === undefined || gid === undefined) return;
  for (const name of ['.', ...(readdirSync(folder, { recursive: true }) as string[])]) {
    chownSync(join(folder, name), uid, gid);
  }
}
