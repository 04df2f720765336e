import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { GodwitError } from '../../../errors.ts';

export interface PgDump {
  readonly path: string;
  /** `18.1`. */
  readonly version: string;
}

const run = promisify(execFile);
const NAME = process.platform === 'win32' ? 'pg_dump.exe' : 'pg_dump';
/** Where installations of several versions are, each with a `bin`. */
const HOMES = [
  '/usr/lib/postgresql',
  '/usr/pgsql',
  '/opt/homebrew/opt',
  '/usr/local/opt',
  'C:\\Program Files\\PostgreSQL',
];

/**
 * The newest pg_dump on the PATH or in the usual folders that is not older than the server:
 * an older one refuses to work.
 *
 * @param server such as 150018
 * @param choice a path, or undefined to look for one
 * @throws GodwitError GODWIT_BACKUP_FAILED when the chosen one cannot be used
 */
export async function findPgDump(
  server: number,
  choice: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<PgDump | undefined> {
  if (choice !== undefined) {
    const found = await ask(choice);
    if (found && majorOf(found) >= Math.floor(server / 10_000)) return found;
    const why = found
      ? `it is ${found.version}, older than the server (${Math.floor(server / 10_000)})`
      : 'it cannot be run';
    throw new GodwitError('GODWIT_BACKUP_FAILED', `The pg_dump ${choice} cannot be used: ${why}.`, {
      next: ['name another one, or false, in the config: backup.pgDump'],
    });
  }
  const found = await Promise.all((await candidates(env)).map(ask));
  const usable = found.filter(
    (one): one is PgDump => one !== undefined && majorOf(one) >= Math.floor(server / 10_000),
  );
  return usable.sort((a, b) => majorOf(b) - majorOf(a))[0];
}

async function candidates(env: NodeJS.ProcessEnv): Promise<string[]> {
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const installed = await Promise.all(HOMES.map(versionsIn));
  return [...new Set([...path, ...installed.flat()])].map((folder) => join(folder, NAME));
}

async function versionsIn(home: string): Promise<string[]> {
  const names = await readdir(home).catch(() => []);
  return names
    .filter((name) => /^(\d+|postgresql(@\d+)?|libpq)$/.test(name))
    .map((name) => join(home, name, 'bin'));
}

async function ask(path: string): Promise<PgDump | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 5_000 });
    const version = /\(PostgreSQL\) (\d+[\d.]*)/.exec(stdout)?.[1];
    return version === undefined ? undefined : { path, version };
  } catch {
    return undefined;
  }
}

function majorOf({ version }: PgDump): number {
  return Number.parseInt(version, 10);
}
