import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BENCH } from '../support/peers.ts';

const BIN = join(BENCH, '../dist/cli/main.js');

/** A folder with one backfill, run by the command line as users do. */
export interface BackfillProject {
  /** Starts `godwit backfill run work`; on one core, or on all. */
  start(url: string, core?: number): RunningBackfill;
  remove(): Promise<void>;
}

export interface RunningBackfill {
  readonly pid: number;
  /** Calls for each event, with the time since the process was started, in ms. */
  onEvent(listen: (event: BackfillEvent, sinceMs: number) => void): void;
  kill(): void;
  /** Wall time of the process, in ms. Rejects when it does not end with 0. */
  readonly ended: Promise<number>;
}

export interface BackfillEvent {
  readonly type: string;
  readonly progress?: { readonly rows: number } | undefined;
  readonly resumedAt?: number | undefined;
}

/** @param files name and text of what stands in `backfills/`, `work.js` among them */
export async function makeProject(
  files: Readonly<Record<string, string>>,
): Promise<BackfillProject> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
  await mkdir(join(folder, 'backfills'));
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, 'backfills', name), text);
  return {
    start: (url, core) => start(folder, url, core),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function start(cwd: string, url: string, core: number | undefined): RunningBackfill {
  const command = [process.execPath, BIN, 'backfill', 'run', 'work', '--json-lines', '--url', url];
  // A process on one core starts one thread: it counts the cores that it may use.
  const [program = '', ...args] =
    core === undefined ? command : ['taskset', '-c', `${core}`, ...command];
  const since = performance.now();
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const listeners: ((event: BackfillEvent, sinceMs: number) => void)[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const event = JSON.parse(line) as BackfillEvent;
    for (const listen of listeners) listen(event, performance.now() - since);
  });
  return {
    pid: child.pid ?? 0,
    onEvent: (listen) => void listeners.push(listen),
    kill: () => void child.kill('SIGKILL'),
    ended: new Promise((resolve, reject) => {
      child.once('exit', (code) => {
        if (code === 0) resolve(performance.now() - since);
        else reject(new Error(`The backfill ended with ${code}.`));
      });
    }),
  };
}
