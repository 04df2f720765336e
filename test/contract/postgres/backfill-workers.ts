import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A process of backfill-child.ts. */
export class Worker {
  readonly #process: ChildProcess;
  readonly #done: Promise<unknown>;
  readonly #begun: Promise<void>;
  #complete = false;
  #errors = '';

  constructor(mode: string, url: string) {
    const file = fileURLToPath(new URL('./backfill-child.ts', import.meta.url));
    this.#process = spawn(process.execPath, ['--import', 'jiti/register', file, mode, url], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#done = once(this.#process, 'close');
    this.#process.stderr?.on('data', (data) => {
      this.#errors += String(data);
    });
    this.#begun = new Promise((resolve) => {
      const lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
      lines.on('line', (line) => {
        if (line === 'complete') this.#complete = true;
        resolve();
      });
      lines.on('close', resolve);
    });
  }

  /** Resolves when it has done a chunk, or ended. */
  get begun(): Promise<void> {
    return this.#begun;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#done;
  }

  /** Resolves when it ended by itself; throws when it failed. */
  async finish(): Promise<void> {
    await this.#done;
    if (!this.#complete) throw new Error(`A worker failed:\n${this.#errors.slice(0, 3000)}`);
  }
}

/** Kills one of the workers at a random moment, again and again; each has a successor. */
export async function killAtRandom(
  mode: string,
  url: string,
  count: number,
  kills: number,
): Promise<void> {
  const workers = Array.from({ length: count }, () => new Worker(mode, url));
  for (let kill = 0; kill < kills; kill++) {
    const at = Math.floor(Math.random() * count);
    const victim = workers[at] as Worker;
    await victim.begun;
    await sleep(Math.random() * 100);
    await victim.kill();
    workers[at] = new Worker(mode, url);
  }
  await Promise.all(workers.map((worker) => worker.finish()));
}

/** The same server once more, over the same folder and port, after it was ended. */
export async function restartServer(
  pid: number,
  signal: 'SIGINT' | 'SIGQUIT',
): Promise<ChildProcess> {
  const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  args.pop();
  const folder = args[args.indexOf('-D') + 1] ?? '';
  const { uid, gid } = statSync(folder);
  process.kill(pid, signal);
  while (isAlive(pid)) await sleep(20);
  const owner = process.getuid?.() === 0 ? { uid, gid } : {};
  const child = spawn(program, args, {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', () => {});
  return child;
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is gone, though its parent has not noticed.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
