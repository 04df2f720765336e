import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Draw } from '../core/backfill/draw.ts';
import { lateError } from '../core/backfill/row-change.ts';
import { type ErrorInfo, GodwitError } from '../errors.ts';
import type { ReadRow, RowChange } from '../ports/backfill-job.ts';
import { threadEntry } from './entry.ts';
import type { ThreadAnswer, ThreadData } from './thread.ts';
import { openWire, type Packed, type Wire } from './wire.ts';

export interface TransformPool {
  readonly draw: Draw;
  readonly threads: number;
  /** Ends the threads, whatever they do. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly threads?: number | undefined;
  /** A thread that does not answer for so long, in ms, is ended. Absent: it is waited for. */
  readonly limitMs?: number | undefined;
}

/** Less than this is not worth being divided among threads. */
const SLICE_ROWS = 25;

/**
 * Threads that run a transform given as a module, as many as there are cores. They start
 * with the first rows.
 *
 * @param data the module, and the BSON library that the rows are made of
 */
export async function openPool(
  data: ThreadData,
  { threads = availableParallelism(), limitMs }: PoolOptions = {},
): Promise<TransformPool> {
  const pool = new Pool(data, await openWire(data.bson), threads, limitMs);
  return { draw: pool.draw, threads, close: () => pool.close() };
}

interface Task {
  readonly rows: Packed;
  resolve(changes: Packed): void;
  reject(error: unknown): void;
}

class ThreadDied extends Error {}
/** It was ended, because it did not answer in time. */
class ThreadLate extends ThreadDied {}

class Pool {
  readonly #data: ThreadData;
  readonly #wire: Wire;
  readonly #size: number;
  readonly #limitMs: number | undefined;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Task[] = [];
  #closed = false;

  constructor(data: ThreadData, wire: Wire, size: number, limitMs: number | undefined) {
    this.#data = data;
    this.#wire = wire;
    this.#size = size;
    this.#limitMs = limitMs;
  }

  readonly draw: Draw = async (rows, signal) => {
    signal.throwIfAborted();
    const slices = Math.max(1, Math.min(this.#size, Math.ceil(rows.length / SLICE_ROWS)));
    const length = Math.ceil(rows.length / slices);
    const parts = Array.from({ length: slices }, (_, i) =>
      this.#drawSlice(rows.slice(i * length, (i + 1) * length)),
    );
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    const all = Promise.race([Promise.all(parts), aborted]);
    return (await all.finally(() => signal.removeEventListener('abort', onAbort))).flat();
  };

  /** A row that kills its thread is found by halving, like one that throws. */
  async #drawSlice(rows: readonly ReadRow[]): Promise<RowChange[]> {
    if (rows.length === 0) return [];
    try {
      const packed = this.#wire.packRows(rows.map(({ row }) => row));
      return this.#wire.unpackChanges(await this.#run(packed));
    } catch (thrown) {
      if (!(thrown instanceof ThreadDied) || this.#closed) throw thrown;
      const [row, another] = rows;
      if (row && !another) return [{ type: 'poison', error: this.#errorOf(row, thrown) }];
      const half = Math.ceil(rows.length / 2);
      const first = await this.#drawSlice(rows.slice(0, half));
      return [...first, ...(await this.#drawSlice(rows.slice(half)))];
    }
  }

  #errorOf(row: ReadRow, died: ThreadDied): ErrorInfo {
    if (died instanceof ThreadLate) return lateError(row, this.#limitMs ?? 0);
    return { code: 'GODWIT_BACKFILL_FAILED', message: died.message };
  }

  #run(rows: Packed): Promise<Packed> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#closed) {
      for (const task of this.#waiting.splice(0))
        task.reject(new ThreadDied('The pool is closed.'));
      return;
    }
    for (const thread of this.#threads) if (thread.idle) this.#give(thread);
    if (this.#waiting.length === 0 || this.#threads.size >= this.#size) return;
    const thread = new Thread(
      this.#data,
      () => this.#next(),
      () => this.#threads.delete(thread),
    );
    this.#threads.add(thread);
  }

  #give(thread: Thread): void {
    const task = this.#waiting.shift();
    if (task) thread.work(task, this.#limitMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map((thread) => thread.end()));
    this.#next();
  }
}

class Thread {
  readonly #worker: Worker;
  readonly #onIdle: () => void;
  #ready = false;
  #broken: string | undefined;
  #task: Task | undefined;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #late = false;

  constructor(data: ThreadData, onIdle: () => void, onExit: () => void) {
    const { code, data: entry } = threadEntry();
    this.#onIdle = onIdle;
    this.#worker = new Worker(code, { eval: true, workerData: { ...data, ...entry } });
    let cause = 'The transform ended its thread.';
    this.#worker.on('error', (error) => {
      cause = `The transform's thread died: ${error instanceof Error ? error.message : error}`;
    });
    this.#worker.on('exit', () => {
      onExit();
      clearTimeout(this.#timer);
      this.#task?.reject(this.#late ? new ThreadLate(cause) : new ThreadDied(cause));
      this.#task = undefined;
      onIdle();
    });
    this.#worker.on('message', (answer: ThreadAnswer) => this.#hear(answer, data));
  }

  get idle(): boolean {
    return this.#ready && this.#task === undefined;
  }

  work(task: Task, limitMs: number | undefined): void {
    if (this.#broken !== undefined) {
      task.reject(broken(this.#broken));
      return;
    }
    this.#task = task;
    if (limitMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.#late = true;
        void this.end();
      }, limitMs);
    }
    const transfer = task.rows instanceof Uint8Array ? [task.rows.buffer as ArrayBuffer] : [];
    try {
      this.#worker.postMessage({ id: ++this.#count, rows: task.rows }, transfer);
    } catch (error) {
      this.#settle()?.reject(cannotBeSent(error));
    }
  }

  #hear(answer: ThreadAnswer, { path }: ThreadData): void {
    switch (answer.type) {
      case 'ready':
        this.#ready = true;
        break;
      case 'broken':
        this.#ready = true;
        this.#broken = `${path}: ${answer.message}`;
        break;
      case 'done':
        this.#settle()?.resolve(answer.changes);
        break;
      case 'failed':
        this.#settle()?.reject(cannotBeSent(answer.message));
    }
    this.#onIdle();
  }

  #settle(): Task | undefined {
    clearTimeout(this.#timer);
    const task = this.#task;
    this.#task = undefined;
    return task;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

function broken(message: string): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_INVALID', `The transform cannot be used. ${message}`, {
    state: 'Nothing was changed by this chunk.',
  });
}

function cannotBeSent(cause: unknown): GodwitError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new GodwitError(
    'GODWIT_BACKFILL_INVALID',
    `Rows or changes cannot be handed to a thread and back: ${message}`,
    { next: ['name the fields that the transform needs (fields), or give it as a function'] },
  );
}
