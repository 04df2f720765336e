import type { Queue } from 'bullmq';
import type { Migrator } from '../app/types.ts';
import { queueName } from './drain-job.ts';
import { type BullModule, loadBullmq } from './load-bullmq.ts';
import { type RedisAddress, readRedisUrl } from './redis-url.ts';

export interface QueueOptions {
  /** `redis://…`; absent: the config's `redis`, or GODWIT_REDIS_URL. */
  readonly redis?: string | undefined;
  /** Absent: made of the driver's and the database's name. */
  readonly queue?: string | undefined;
}

export interface OpenedQueue {
  readonly bull: BullModule;
  readonly name: string;
  readonly queue: Queue;
  /** With how it is waited for when it is gone. */
  readonly connection: RedisAddress & { readonly retryStrategy: (times: number) => number | null };
  /** Before closing: a Redis that is gone is not waited for any more. */
  hangUp(): void;
}

const LONGEST_WAIT_MS = 1_000;

/** Does not wait for the Redis: it may come later. */
export async function openQueue(migrator: Migrator, options: QueueOptions): Promise<OpenedQueue> {
  const { root, redis } = await migrator.settings();
  const address = readRedisUrl(options.redis ?? redis);
  const name = options.queue ?? queueName(await migrator.target());
  const bull = loadBullmq(root);
  let over = false;
  const connection = {
    ...address,
    retryStrategy: (times: number) => (over ? null : Math.min(times * 100, LONGEST_WAIT_MS)),
  };
  const hangUp = (): void => {
    over = true;
  };
  // What cannot be sent now is sent by the next look, so nothing is kept for later.
  const queue = new bull.Queue(name, {
    connection: { ...connection, enableOfflineQueue: false },
  });
  return { bull, name, queue, connection, hangUp };
}
