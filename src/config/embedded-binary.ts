import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GodwitError } from '../errors.ts';

/**
 * A mongod for the embedded database: the one named by `MONGOMS_SYSTEM_BINARY`, one on the
 * PATH, the one that `godwit/testing` keeps, or the one that mongodb-memory-server-core
 * downloads once.
 *
 * @param root the project's folder, whose mongodb-memory-server-core is used
 * @throws GODWIT_DRIVER_MISSING
 */
export async function findEmbeddedMongod(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const named = env.MONGOMS_SYSTEM_BINARY;
  if (named) return named;
  return (
    (await mongodOnPath(env)) ?? (await executable(cachedMongod())) ?? (await downloaded(root))
  );
}

/** Where `godwit/testing` puts the mongod that it had to fetch. */
export function cachedMongod(): string {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return join(cacheFolder(), `mongod-${process.platform}-${process.arch}${suffix}`);
}

/** The user's cache of godwit. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  const base = xdg || (process.platform === 'win32' && local) || join(homedir(), '.cache');
  return join(base, 'godwit');
}

/** The first mongod on the PATH that may be executed. */
export async function mongodOnPath(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  for (const folder of (env.PATH ?? '').split(delimiter).filter((path) => path !== '')) {
    const path = await executable(join(folder, name));
    if (path !== undefined) return path;
  }
  return undefined;
}

/** The path itself, if it may be executed. */
export function executable(path: string): Promise<string | undefined> {
  return access(path, constants.X_OK).then(
    () => path,
    () => undefined,
  );
}

async function downloaded(root: string): Promise<string> {
  const { MongoBinary } = await memoryServer(root);
  try {
    return await MongoBinary.getPath();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw missing(`mongodb-memory-server-core found no mongod: ${message}`, cause);
  }
}

type MemoryServer = typeof import('mongodb-memory-server-core');

/** The project's own, else the one beside godwit. */
async function memoryServer(root: string): Promise<MemoryServer> {
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    try {
      const path = createRequire(from).resolve('mongodb-memory-server-core');
      const module = await import(pathToFileURL(path).href);
      return module.default ?? module;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw missing('There is no mongod for the embedded MongoDB.', undefined);
}

function missing(message: string, cause: unknown): GodwitError {
  return new GodwitError('GODWIT_DRIVER_MISSING', message, {
    state: 'No database was started.',
    next: [
      'npm install --save-dev mongodb-memory-server-core',
      'export MONGOMS_SYSTEM_BINARY=/path/to/mongod',
      'or name a server: --url mongodb://127.0.0.1:27017/NAME',
    ],
    cause,
  });
}
