import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/config/embedded-binary.ts';

const run = promisify(execFile);
const VERSION = '4.10.1';

/**
 * MongoDB's driver for Python, whose reader of BSON shares no line with ours. Installed once,
 * in godwit's cache, by pip from the Python index.
 *
 * @returns what PYTHONPATH must be
 */
export async function findPymongo(): Promise<string> {
  const asked = await run('python3', ['-c', 'import sys; print(sys.implementation.cache_tag)']);
  const folder = join(cacheFolder(), `pymongo-${VERSION}-${asked.stdout.trim()}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  const fresh = await mkdtemp(join(cacheFolder(), 'pymongo-'));
  try {
    const what = ['--no-deps', '--target', fresh, `pymongo==${VERSION}`];
    await run('python3', ['-m', 'pip', 'install', '--quiet', ...what]);
    // Of two that install at once the later one finds it there.
    await rename(fresh, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return folder;
}
