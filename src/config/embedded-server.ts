import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GodwitError } from '../errors.ts';
import { endWithParent } from './end-with-parent.ts';

const STARTUP_MS = 30_000;
const LISTENING = '"id":23016';

/** A mongod on a data folder, on a free port of 127.0.0.1. */
export interface EmbeddedProcess {
  readonly port: number;
  /** Ends it and waits for it. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts a member of a replica set, which transactions need; resolves when it listens. */
export async function launchEmbedded(binary: string, folder: string): Promise<EmbeddedProcess> {
  const port = await freePort();
  // A name of its own: another process may have the folder, and its log must stay whole.
  const log = join(folder, `mongod-${port}.log`);
  await writeFile(log, '');
  // Detached: a Ctrl-C at the terminal is for godwit, which needs the server to clean up.
  const child = spawn(binary, arguments_(folder, log, port), { stdio: 'ignore', detached: true });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  const leave = child.pid === undefined ? () => {} : endWithParent(child.pid, 'kill "$1"', folder);
  // Its number may be another process's then.
  child.once('exit', leave);
  try {
    await listening(child, log);
  } catch (error) {
    process.off('exit', killed);
    await rm(log, { force: true });
    throw error;
  }
  child.unref();
  return {
    port,
    async stop() {
      process.off('exit', killed);
      await stop(child);
      leave();
      await rm(log, { force: true });
    },
  };
}

function arguments_(folder: string, log: string, port: number): string[] {
  return [
    ...['--dbpath', folder, '--logpath', log, '--port', String(port), '--bind_ip', '127.0.0.1'],
    ...['--replSet', 'godwit', '--oplogSize', '64', '--wiredTigerCacheSizeGB', '0.25'],
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ];
}

/** The log is asked: a connection to the port might reach somebody else's server. */
async function listening(child: ChildProcess, log: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  for (const deadline = performance.now() + STARTUP_MS; ; await sleep(20)) {
    // Before the log is read, or its last words might be missed.
    const over = failure !== undefined || child.exitCode !== null || performance.now() > deadline;
    const text = await readFile(log, 'utf8');
    if (text.includes(LISTENING)) return;
    if (over) {
      child.kill('SIGKILL');
      throw didNotStart(text, failure);
    }
  }
}

function didNotStart(log: string, failure: Error | undefined): GodwitError {
  const busy = /DBPathInUse|Unable to lock/i.test(log);
  const message = busy
    ? 'The embedded MongoDB is in use by another process of this project.'
    : `The embedded MongoDB did not start: ${failure?.message ?? lastMessage(log)}`;
  return new GodwitError('GODWIT_CONNECT_FAILED', message, {
    state: 'Nothing was changed.',
    next: busy ? ['try again when it is done'] : undefined,
    cause: failure,
  });
}

function lastMessage(log: string): string {
  const errors = log.split('\n').filter((line) => /"s":"[EF]"/.test(line));
  const last = errors.at(-1) ?? '';
  return /"msg":"([^"]*)"/.exec(last)?.[1] ?? 'it ended without a word';
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = AbortSignal.timeout(10_000);
  late.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
