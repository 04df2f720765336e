import type { Migrator } from '../app/types.ts';
import type { Emit } from '../events.ts';
import type { BackfillControl } from '../ports/backfill-ledger.ts';
import { isShared } from './drain-job.ts';
import { openQueue, type QueueOptions } from './open-queue.ts';
import { Publisher } from './publisher.ts';

export interface PublishOptions extends QueueOptions {
  /** What all who work on it keep to; stays until `throttle` changes it. */
  readonly control?: BackfillControl | undefined;
  /** Told when the Redis goes and when it is back. */
  readonly on?: Emit | undefined;
}

/** Jobs are published for as long as it is open. */
export interface Publishing {
  /** Name of the queue. */
  readonly queue: string;
  /** Workers that are there, as far as the Redis tells. */
  readonly workers: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Lets workers on other machines take part in the backfills that this migrator runs. The
 * ledger stays the truth: without the Redis this process does all the work itself.
 *
 * @throws GodwitError GODWIT_DRIVER_MISSING (bullmq), GODWIT_URL_MISSING, GODWIT_URL_INVALID,
 *   GODWIT_UNSUPPORTED (PGlite)
 * @example
 * ```ts
 * await using publishing = await publishBackfills(migrator, { redis: 'redis://127.0.0.1' });
 * await migrator.backfill.run('normalise-phones');
 * ```
 */
export async function publishBackfills(
  migrator: Migrator,
  options: PublishOptions = {},
): Promise<Publishing> {
  const { queue, name, hangUp } = await openQueue(migrator, options);
  const publisher = new Publisher(queue, options.on ?? (() => undefined));
  const off = migrator.on((event) => {
    if (event.type === 'backfill.started' && isShared(event.ledger)) {
      void begin(event.ledger);
    } else if (event.type === 'backfill.ended') publisher.drop(event.ledger);
  });
  const begin = async (ledger: string): Promise<void> => {
    const { control = {} } = options;
    // A limit that did not reach the ledger holds in this process all the same.
    if (Object.keys(control).length > 0) {
      await migrator.backfill.throttle(ledger, control).catch(() => undefined);
    }
    publisher.keep(ledger);
    await publisher.look();
  };
  publisher.start();
  const close = async (): Promise<void> => {
    off();
    hangUp();
    await publisher.close();
  };
  return {
    queue: name,
    get workers() {
      return publisher.workers;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
