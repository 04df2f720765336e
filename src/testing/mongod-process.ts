import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithParent } from '../config/end-with-parent.ts';
import { GodwitError } from '../errors.ts';
import { findMongod } from './mongod-binary.ts';

/** A mongod that this program started. */
export interface MongodProcess {
  readonly port: number;
  readonly pid: number;
  /** Holds data and log; removed by `stop`. */
  readonly folder: string;
  /** Ends this very process and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

/** Further arguments; a function when they depend on the server's own folder. */
export type ServerArguments = (folder: string) => Promise<readonly string[]>;

const LISTENING = '"id":23016';
const STARTUP_MS = 30_000;

/** Starts a mongod on a free port of 127.0.0.1; resolves when it listens. */
export async function launchMongod(more: ServerArguments): Promise<MongodProcess> {
  const binary = await findMongod();
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-mongod-'));
    const port = await freePort();
    const child = spawn(binary, [...serverArguments(folder, port), ...(await more(folder))], {
      stdio: 'ignore',
    });
    const log = await ready(child, join(folder, 'mongod.log'));
    if (log === undefined) return running(child, port, folder);
    await rm(folder, { recursive: true, force: true });
    // Somebody else may have taken the port between the look and the start.
    if (attempt >= 5 || !/already in use|SocketException|EADDRINUSE/i.test(log)) {
      throw new GodwitError('GODWIT_CONNECT_FAILED', `mongod did not start:\n${log.slice(-2000)}`);
    }
  }
}

function serverArguments(folder: string, port: number): string[] {
  return [
    ...['--dbpath', folder, '--logpath', join(folder, 'mongod.log')],
    ...['--port', String(port), '--bind_ip', '127.0.0.1', '--wiredTigerCacheSizeGB', '0.25'],
    // A folder of its own may be too deep for a socket's path, and nobody needs one.
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ];
}

/**
 * Undefined when it listens; else what it said before it ended. The log is asked, because
 * a connection to the port could reach another server that was quicker to take it.
 */
async function ready(child: ChildProcess, logFile: string): Promise<string | undefined> {
  let failure: string | undefined;
  child.once('error', (error) => {
    failure = error.message;
  });
  const deadline = performance.now() + STARTUP_MS;
  for (;;) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    const log = await readFile(logFile, 'utf8').catch(() => '');
    if (failure !== undefined || ended) return `${failure ?? ''}${log}` || 'no log';
    if (log.includes(LISTENING)) return undefined;
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      return `It did not listen within ${STARTUP_MS / 1000} s.\n${log}`;
    }
    await sleep(20);
  }
}

function running(child: ChildProcess, port: number, folder: string): MongodProcess {
  const { pid } = child;
  if (pid === undefined) throw new GodwitError('GODWIT_INTERNAL', 'A server without a pid.');
  const abandon = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', abandon);
  const leave = endWithParent(pid, 'kill -9 "$1"; sleep 1; rm -rf "$2"', folder);
  child.once('exit', leave);
  child.unref();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    process.off('exit', abandon);
    if (child.exitCode === null && child.signalCode === null) {
      child.ref();
      const gone = once(child, 'exit');
      // The folder goes too, so there is nothing that an orderly end would save.
      child.kill('SIGKILL');
      await gone;
    }
    leave();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  return {
    port,
    pid,
    folder,
    stop: () => {
      stopped ??= stop();
      return stopped;
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
