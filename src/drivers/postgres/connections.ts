import type { OpenOptions } from '../../ports/driver.ts';
import { type ClientSettings, readClientSettings } from './client-settings.ts';
import { connect } from './connect.ts';
import type { Connection } from './connection.ts';
import { givenConnections } from './given-client.ts';
import { loadPg } from './load-pg.ts';

/** Where the driver gets its sessions from. */
export interface Connections {
  /** True when the sessions are godwit's own, and not a caller's. */
  readonly owned: boolean;
  /** The session that does the work. A lost one is replaced. */
  main(): Promise<Connection>;
  /** Another one, kept open; undefined where only one can be had. */
  observer(): Promise<Connection | undefined>;
  /** A new one, to be closed by who asked; undefined where only one can be had. */
  fresh(): Promise<Connection | undefined>;
  close(): Promise<void>;
}

export interface OpenedConnections {
  readonly connections: Connections;
  /** Undefined when the caller gave a client. */
  readonly settings: ClientSettings | undefined;
}

export function openConnections(options: OpenOptions): OpenedConnections {
  if (options.client !== undefined) {
    return { connections: givenConnections(options.client), settings: undefined };
  }
  const settings = readClientSettings(options);
  const pg = loadPg(options.root);
  return { connections: new OwnConnections(() => connect(pg, settings)), settings };
}

/** Keeps two sessions, and makes more. */
export class OwnConnections implements Connections {
  readonly owned = true;
  readonly #connect: () => Promise<Connection>;
  #main: Promise<Connection> | undefined;
  #observer: Promise<Connection> | undefined;
  #closed = false;

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  main(): Promise<Connection> {
    this.#main = revive(this.#main, this.#connect);
    return this.#main;
  }

  observer(): Promise<Connection> {
    this.#observer = revive(this.#observer, this.#connect);
    return this.#observer;
  }

  fresh(): Promise<Connection> {
    return this.#connect();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const each of [this.#main, this.#observer]) {
      await each?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    }
  }
}

/** Callers at the same time share one attempt; a failed or lost one is made again. */
async function revive(
  held: Promise<Connection> | undefined,
  connect: () => Promise<Connection>,
): Promise<Connection> {
  const connection = await held?.catch(() => undefined);
  return connection && !connection.lost.aborted ? connection : connect();
}
