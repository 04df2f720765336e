import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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
