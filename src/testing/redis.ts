import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { GodwitError } from '../errors.ts';

/** A Redis of its own, empty at first, on a free port of 127.0.0.1. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Ends the server without a goodbye. All that it kept is lost. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a `redis-server` for tests. It keeps nothing on disk.
 *
 * @throws GodwitError GODWIT_DRIVER_MISSING when there is no `redis-server`
 * @example
 * ```ts
 * const redis = await startRedis();
 * await redis.stop();
 * ```
 */
export async function startRedis(): Promise<TestRedis> {
  const binary = findRedis();
  const folder = await mkdtemp(join(tmpdir(), 'godwit-redis-'));
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return running(binary, folder, port, await launch(binary, folder, port));
    } catch (error) {
      // Somebody else may have taken the port between the look and the start.
      if (attempt >= 5) throw error;
    }
  }
}

function findRedis(): string {
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/usr/bin`.split(delimiter);
  const found = folders
    .map((folder) => join(folder, 'redis-server'))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new GodwitError('GODWIT_DRIVER_MISSING', 'No redis-server was found.', {
    next: ['npm run setup:servers', 'or on Debian: apt-get install redis-server'],
  });
}

/** Resolves when it takes connections. */
async function launch(binary: string, folder: string, port: number): Promise<ChildProcess> {
  const settings = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
  ];
  const child = spawn(binary, settings, { stdio: ['ignore', 'pipe', 'ignore'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () =>
      reject(new GodwitError('GODWIT_CONNECT_FAILED', `redis-server did not start:\n${log}`)),
    );
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      if (log.length < 20_000) log += chunk;
      if (/ready to accept connections/i.test(chunk)) resolve();
    });
  });
  child.unref();
  return child;
}

function running(binary: string, folder: string, port: number, first: ChildProcess): TestRedis {
  let child = first;
  const abandon = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    async restart() {
      await kill();
      child = await launch(binary, folder, port);
    },
    async stop() {
      process.off('exit', abandon);
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new GodwitError('GODWIT_INTERNAL', 'No port.');
  }
  return address.port;
}
