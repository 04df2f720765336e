import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

const STALE_MS = 10_000;

export interface RotatingFileOptions {
  readonly path: string;
  /** Size at which a new file is begun, in bytes. */
  readonly maxBytes: number;
  /** Old files kept: `NAME.1` is the youngest. */
  readonly keep: number;
  /** Told once that it cannot be written. */
  readonly onFailure: (cause: unknown) => void;
}

/**
 * A file of lines that is written at once, so that a killed process loses nothing, and
 * renamed when it is full. Several processes may write to it. Never throws: whoever writes
 * a log has something more important to do.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #fd: number | undefined;
  #size = 0;
  #told = false;
  /** Lines that could not be written since the last that could. */
  #lost = 0;
  /** The last write may have ended in the middle of a line. */
  #torn = false;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** @param line with its line break */
  write(line: string): void {
    try {
      const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
      this.#rotateFor(bytes.length);
      const fd = this.#open();
      this.#torn = true;
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(fd, bytes, at);
        at += written;
        this.#size += written;
      }
      this.#torn = false;
      if (this.#lost > 0) this.#confess();
    } catch (cause) {
      this.#lost++;
      // The next line tries anew: a disk may have room again, a folder be made.
      this.close();
      if (this.#told) return;
      this.#told = true;
      this.#options.onFailure(cause);
    }
  }

  close(): void {
    if (this.#fd === undefined) return;
    try {
      closeSync(this.#fd);
    } catch {
      // There is nothing left to do with it.
    }
    this.#fd = undefined;
  }

  #confess(): void {
    const lost = this.#lost;
    this.#lost = 0;
    const time = new Date().toISOString();
    this.write(
      `${JSON.stringify({ level: 'warn', time, lost, msg: `${lost} lines before the last one could not be written` })}\n`,
    );
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    const { path } = this.#options;
    mkdirSync(dirname(path), { recursive: true });
    this.#fd = openSync(path, 'a', 0o640);
    this.#size = fstatSync(this.#fd).size;
    return this.#fd;
  }

  #rotateFor(length: number): void {
    const { maxBytes } = this.#options;
    this.#open();
    if (this.#size === 0 || this.#size + length <= maxBytes) return;
    // Another process writes to it too, and may have begun a new one already.
    if (this.#isCurrent()) this.#rename();
    this.close();
    this.#open();
  }

  #isCurrent(): boolean {
    if (this.#fd === undefined) return false;
    try {
      return statSync(this.#options.path).ino === fstatSync(this.#fd).ino;
    } catch {
      return false;
    }
  }

  /** One process at a time; whoever comes second goes on with the file it has. */
  #rename(): void {
    const { path, keep } = this.#options;
    const guard = `${path}.rotating`;
    if (!takeGuard(guard)) return;
    try {
      if (!this.#isCurrent()) return;
      for (let number = keep; number >= 1; number--) {
        const from = number === 1 ? path : `${path}.${number - 1}`;
        renameIfThere(from, `${path}.${number}`);
      }
      if (keep === 0) rmSync(path, { force: true });
    } finally {
      rmSync(guard, { force: true });
    }
  }
}

function takeGuard(guard: string): boolean {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      closeSync(openSync(guard, 'wx'));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Its process was killed between two calls.
      const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age < STALE_MS) return false;
      rmSync(guard, { force: true });
    }
  }
  return false;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
