import type { Migrator } from '../app/types.ts';
import type { Emit } from '../events.ts';
import { openQueue, type QueueOptions } from './open-queue.ts';
import { QueueWorker, type WorkCounts } from './queue-worker.ts';

export interface WorkOptions extends QueueOptions {
  /** How many chunks of a job are done before the queue is asked again. Default 100. */
  readonly chunks?: number | undefined;
  /** First abort: finish the chunks under way, give the rest back, then return. */
  readonly signal: AbortSignal;
  /** Second: stop at once. */
  readonly abort?: AbortSignal | undefined;
  /** Told when it waits for work, and when the Redis goes and is back. */
  readonly on?: Emit | undefined;
  /** Told the queue's name when it is open. */
  readonly onReady?: ((queue: string) => void) | undefined;
}

/** `worker --json`. */
export interface WorkReport extends WorkCounts {
  readonly queue: string;
  readonly durationMs: number;
}

const CHUNKS = 100;

/**
 * Works on the backfills that others began, wherever they run, until it is told to stop. It
 * loads the same `backfills/` and leaves to others what it has another definition of.
 *
 * @returns when it was stopped
 * @throws GodwitError GODWIT_DRIVER_MISSING (bullmq), GODWIT_URL_MISSING, GODWIT_URL_INVALID,
 *   GODWIT_UNSUPPORTED (PGlite), and what connecting to the database throws
 * @example
 * ```ts
 * const controller = new AbortController();
 * process.once('SIGTERM', () => controller.abort());
 * await workOnBackfills(migrator, { redis: 'redis://127.0.0.1', signal: controller.signal });
 * ```
 */
export async function workOnBackfills(
  migrator: Migrator,
  options: WorkOptions,
): Promise<WorkReport> {
  const startedAt = performance.now();
  const opened = await openQueue(migrator, options);
  options.onReady?.(opened.name);
  const worker = new QueueWorker({
    migrator,
    opened,
    chunks: options.chunks ?? CHUNKS,
    stop: options.signal,
    abort: options.abort ?? new AbortController().signal,
    emit: options.on ?? (() => undefined),
  });
  const counts = await worker.run();
  const durationMs = Math.round(performance.now() - startedAt);
  return { queue: opened.name, ...counts, durationMs };
}
