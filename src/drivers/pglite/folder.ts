import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GodwitError } from '../../errors.ts';
import type { PgliteLike } from './pglite-connection.ts';

/**
 * Folder of a `pglite:` URL, absolute; undefined for a database in memory.
 *
 * @throws GodwitError GODWIT_URL_INVALID
 */
export function folderOf(url: string, root: string): string | undefined {
  if (url === 'embedded:postgres') return join(root, '.godwit', 'pglite');
  if (!url.startsWith('pglite:')) throw invalid();
  const rest = url.slice('pglite:'.length);
  if (rest === 'memory' || rest === 'memory:' || rest === '//memory') return undefined;
  if (rest === '') throw invalid();
  if (rest.startsWith('///')) return fileURLToPath(`file:${rest}`);
  return resolve(root, rest.replace(/^\/\//, ''));
}

/** True when there is a database in the folder already: reading must not make one. */
export function hasDatabase(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'));
}

/** The project's own PGlite where it has one, else the one that godwit finds. */
export async function openPglite(folder: string | undefined, root: string): Promise<PgliteLike> {
  const { PGlite } = await loadPglite(root);
  return PGlite.create(folder ?? 'memory://');
}

interface PgliteModule {
  readonly PGlite: { create(folder: string): Promise<PgliteLike> };
}

async function loadPglite(root: string): Promise<PgliteModule> {
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    try {
      const path = createRequire(from).resolve('@electric-sql/pglite');
      return (await import(pathToFileURL(path).href)) as PgliteModule;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new GodwitError('GODWIT_DRIVER_MISSING', 'PGlite needs the package @electric-sql/pglite.', {
    state: 'Nothing was run.',
    next: ['npm install @electric-sql/pglite'],
  });
}

function invalid(): GodwitError {
  return new GodwitError('GODWIT_URL_INVALID', 'The PGlite URL cannot be read.', {
    next: ['write it as pglite:./folder or pglite:memory'],
  });
}
