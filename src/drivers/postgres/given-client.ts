import { GodwitError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import { type PgClient, PgConnection } from './pg-connection.ts';

interface PgPool {
  readonly options?: { readonly max?: number };
  connect(): Promise<PgClient & { release(destroy?: boolean): void }>;
}

/**
 * Sessions from what the caller already has: a pg Pool, or one connected pg Client. They
 * are given back, never closed.
 *
 * @throws GodwitError GODWIT_DRIVER_UNSUPPORTED
 */
export function givenConnections(client: unknown): Connections {
  if (isPool(client)) return new PoolConnections(client);
  if (isClient(client)) return new OneConnection(new PgConnection(client, async () => {}));
  throw new GodwitError(
    'GODWIT_DRIVER_UNSUPPORTED',
    'The given client is neither a Pool nor a Client of pg.',
    { next: ['give a pg.Pool, a connected pg.Client, or a url'] },
  );
}

function isPool(value: unknown): value is PgPool {
  return isObject(value) && 'totalCount' in value && typeof value['connect'] === 'function';
}

function isClient(value: unknown): value is PgClient {
  return isObject(value) && typeof value['query'] === 'function' && isObject(value['connection']);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** One session is all there is: nothing can be looked at or cancelled from beside. */
export class OneConnection implements Connections {
  readonly owned = false;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async main(): Promise<Connection> {
    return this.#connection;
  }

  async observer(): Promise<undefined> {}

  async fresh(): Promise<undefined> {}

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

class PoolConnections implements Connections {
  readonly owned = false;
  readonly #pool: PgPool;
  #main: Connection | undefined;
  #observer: Connection | undefined;

  constructor(pool: PgPool) {
    this.#pool = pool;
  }

  async main(): Promise<Connection> {
    if (!this.#main || this.#main.lost.aborted) this.#main = await this.#take();
    return this.#main;
  }

  async observer(): Promise<Connection | undefined> {
    if (this.#pool.options?.max === 1) return undefined;
    if (!this.#observer || this.#observer.lost.aborted) this.#observer = await this.#take();
    return this.#observer;
  }

  async fresh(): Promise<Connection | undefined> {
    return this.#pool.options?.max === 1 ? undefined : this.#take();
  }

  async close(): Promise<void> {
    await this.#main?.close();
    await this.#observer?.close();
    this.#main = undefined;
    this.#observer = undefined;
  }

  async #take(): Promise<Connection> {
    const client = await this.#pool.connect();
    return new PgConnection(client, async (destroy) => client.release(destroy));
  }
}
