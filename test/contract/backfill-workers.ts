import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledChild } from '../support/bundles.ts';

const CHILD = bundledChild(new URL('./backfill-child.ts', import.meta.url));

/** Those under way: a test that fails does not wait for them. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What a process of backfill-child.ts is to do. */
export interface ChildWork {
  readonly database: 'mongodb' | 'postgres';
  readonly mode: string;
  readonly url: string;
}

/** A process of backfill-child.ts. */
export class Worker {
  readonly #process: ChildProcess;
  readonly #done: Promise<unknown>;
  readonly #begun: Promise<void>;
  #complete = false;
  #errors = '';

  constructor({ database, mode, url }: ChildWork) {
    const args = [CHILD, database, mode, url];
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.#process);
    this.#done = once(this.#process, 'close').finally(() => running.delete(this.#process));
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

  /** Whether it came to its end. */
  get complete(): boolean {
    return this.#complete;
  }

  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process.kill('SIGCONT');
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

export interface Kills {
  /** How many processes at once. */
  readonly workers: number;
  readonly kills: number;
  /** Killed at a random moment of so many ms after its first chunk. */
  readonly withinMs: number;
}

/**
 * Kills one of the workers at a random moment, again and again; each has a successor.
 *
 * @returns how many were killed before they had come to their end
 */
export async function killAtRandom(
  work: ChildWork,
  { workers: count, kills, withinMs }: Kills,
): Promise<number> {
  const workers = Array.from({ length: count }, () => new Worker(work));
  let killed = 0;
  for (let kill = 0; kill < kills; kill++) {
    const at = Math.floor(Math.random() * count);
    const victim = workers[at] as Worker;
    await victim.begun;
    await sleep(Math.random() * withinMs);
    await victim.kill();
    if (!victim.complete) killed++;
    workers[at] = new Worker(work);
  }
  await Promise.all(workers.map((worker) => worker.finish()));
  return killed;
}
