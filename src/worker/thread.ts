import { parentPort, workerData } from 'node:worker_threads';
import { type Draw, drawBatch, drawEach } from '../core/backfill/draw.ts';
import { loadModule } from '../formats/load-module.ts';
import { sourceFile } from '../formats/source-file.ts';
import type { Transform, TransformBatch } from '../ports/backfill-spec.ts';
import { realTimers } from './timers.ts';
import { openWire, type Packed } from './wire.ts';

/** What a thread is started with. */
export interface ThreadData {
  /** Absolute path of the module that is the transform. */
  readonly path: string;
  readonly batch: boolean;
  readonly bson: string | undefined;
}

export interface ThreadTask {
  readonly id: number;
  readonly rows: Packed;
}

export type ThreadAnswer =
  | { readonly type: 'ready' }
  /** The module cannot be used. */
  | { readonly type: 'broken'; readonly message: string }
  | { readonly type: 'done'; readonly id: number; readonly changes: Packed }
  /** The changes cannot be sent. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** Runs inside the thread: loads the transform, then answers each task. */
async function serve(): Promise<void> {
  const { path, batch, bson } = workerData as ThreadData;
  const port = parentPort;
  if (port === null) return;
  try {
    const [draw, wire] = await Promise.all([loadDraw(path, batch), openWire(bson)]);
    const { signal } = new AbortController();
    port.on('message', async ({ id, rows }: ThreadTask) => {
      try {
        const reads = wire.unpackRows(rows).map((row) => ({ key: [], row }));
        const changes = wire.packChanges(await draw(reads, signal));
        port.postMessage({ type: 'done', id, changes }, transferable(changes));
      } catch (error) {
        port.postMessage({ type: 'failed', id, message: messageOf(error) });
      }
    });
    port.postMessage({ type: 'ready' });
  } catch (error) {
    port.postMessage({ type: 'broken', message: messageOf(error) });
  }
}

async function loadDraw(path: string, batch: boolean): Promise<Draw> {
  const exported = await loadModule({ path, file: path }, sourceFile(path, path).text());
  const name = batch ? 'transformBatch' : 'transform';
  const found = findFunction(exported, name);
  if (found === undefined) {
    throw new TypeError(`${path} exports no function by default, and none named ${name}.`);
  }
  return batch
    ? drawBatch(found as TransformBatch, realTimers)
    : drawEach(found as Transform, realTimers);
}

function findFunction(exported: unknown, name: string): unknown {
  let value = exported;
  for (let depth = 0; depth < 4; depth++) {
    if (typeof value === 'function') return value;
    if (typeof value !== 'object' || value === null) return undefined;
    const named = (value as Record<string, unknown>)[name];
    if (typeof named === 'function') return named;
    value = (value as { default?: unknown }).default;
  }
  return undefined;
}

function transferable(packed: Packed): ArrayBuffer[] {
  return packed instanceof Uint8Array ? [packed.buffer as ArrayBuffer] : [];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

void serve();
