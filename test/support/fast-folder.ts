import { chmod, cp, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pgliteTemplate } from '../../src/testing/pglite.ts';
import { SOAK } from './rounds.ts';

/** Where Linux keeps files in memory. */
const IN_MEMORY = '/dev/shm';
const PREFIX = 'godwit-test-';
/** A mongod sets aside about 300 MB, and some tests have three. */
const ROOM = 6 * 1024 ** 3;

/**
 * Gives the tests a temporary folder in memory where there is room: most of their files are
 * those of servers that are thrown away, a thousand for each. The soak stays on the disk,
 * and so does whoever has set TMPDIR.
 *
 * @returns what removes it again
 */
export async function useFastFolder(): Promise<() => Promise<void>> {
  if (SOAK || process.env['TMPDIR'] || !(await hasRoom())) return async () => {};
  await removeAbandoned();
  const template = await pgliteTemplate();
  const folder = await mkdtemp(join(IN_MEMORY, `${PREFIX}${process.pid}-`));
  // PostgreSQL's server refuses to be root, and must be able to pass.
  await chmod(folder, 0o711);
  await cp(template, join(folder, basename(template)), { recursive: true });
  process.env['TMPDIR'] = folder;
  return async () => {
    delete process.env['TMPDIR'];
    await rm(folder, { recursive: true, force: true });
  };
}

async function hasRoom(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const found = await statfs(IN_MEMORY).catch(() => undefined);
  return found !== undefined && found.bavail * found.bsize >= ROOM;
}

/** What a run left that was killed: it takes up memory. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(IN_MEMORY)) {
    const pid = Number(name.slice(PREFIX.length).split('-')[0]);
    if (!name.startsWith(PREFIX) || isRunning(pid)) continue;
    await rm(join(IN_MEMORY, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
