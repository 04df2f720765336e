import type { SqlResult } from '../../../ports/context.ts';
import type { Connection, SimpleResult } from '../connection.ts';
import type { Connections } from '../connections.ts';
import { localRole, type Store } from '../store.ts';

/** How long what is sent may take, in ms. */
export interface Patience {
  readonly lockMs: number;
  readonly statementMs: number;
}

export const WORK: Patience = { lockMs: 3_000, statementMs: 30_000 };
/** Questions over a whole table. */
export const LONG: Patience = { lockMs: 3_000, statementMs: 0 };

/**
 * Sessions for the work. Each message is one transaction by itself (the server's implicit
 * one): it needs no BEGIN, is rolled back as a whole when it fails, and goes through any
 * pooler.
 */
export class Pool {
  readonly #source: Connections;
  readonly #store: Store;
  #most: number;
  readonly #idle: Connection[] = [];
  readonly #waiting: ((connection: Connection | undefined) => void)[] = [];
  readonly #all = new Set<Connection>();
  /** Those that are closed, or given back, at the end. */
  readonly #own = new Set<Connection>();
  /** Open ones and those that are being opened. */
  #count = 0;
  #closed = false;

  constructor(source: Connections, store: Store, most: number) {
    this.#source = source;
    this.#store = store;
    this.#most = Math.max(1, most);
  }

  /** Server processes of this pool, as they reported themselves. */
  get pids(): readonly number[] {
    return [...this.#all].flatMap(({ pid }) => pid ?? []);
  }

  /**
   * Sends statements as one message.
   *
   * @returns what they gave, without what was put before them
   */
  async run(sql: string, patience: Patience = WORK): Promise<readonly SimpleResult[]> {
    return this.#with(async (connection) => {
      const { text, statements } = this.#prefix(patience);
      return (await connection.simple(text + sql)).slice(statements);
    });
  }

  /** Sends one query whose values the client makes into JavaScript's. */
  async read(sql: string, arrays: boolean, patience: Patience = WORK): Promise<SqlResult> {
    return this.#with(async (connection) => {
      const text = this.#prefix(patience).text + sql;
      const query = arrays ? ({ text, rowMode: 'array' } as unknown as string) : text;
      const results = (await connection.query(query)) as unknown as SqlResult[];
      const last = results.at(-1);
      if (last === undefined) throw new Error('The server gave no result.');
      return last;
    });
  }

  /** For a message that is rolled back at its end, whatever it gave. */
  async tryOut(sql: string, arrays: boolean): Promise<readonly SqlResult[]> {
    return this.#with(async (connection) => {
      const text = `begin;${this.#prefix(WORK).text}${sql};rollback`;
      const query = arrays ? ({ text, rowMode: 'array' } as unknown as string) : text;
      try {
        return (await connection.query(query)) as unknown as SqlResult[];
      } catch (error) {
        if (!connection.lost.aborted) await connection.simple('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake(undefined);
    await Promise.all([...this.#own].map((each) => each.close()));
    this.#all.clear();
  }

  #prefix({ lockMs, statementMs }: Patience): { text: string; statements: number } {
    const role = localRole(this.#store);
    return {
      // A database may have another default, under which a claim would not see the last one.
      text: `set transaction isolation level read committed;${role}set local lock_timeout=${lockMs};set local statement_timeout=${statementMs};
set local datestyle=iso;set local extra_float_digits=1;`,
      statements: role === '' ? 5 : 6,
    };
  }

  async #with<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await work(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  async #take(): Promise<Connection> {
    for (;;) {
      if (this.#closed) throw new Error('The backfill was closed.');
      const free = this.#idle.pop();
      if (free) {
        if (!free.lost.aborted) return free;
        this.#forget(free);
      } else if (this.#count < this.#most) {
        return this.#open();
      } else {
        const given = await new Promise<Connection | undefined>((wake) => this.#waiting.push(wake));
        if (given) return given;
      }
    }
  }

  async #open(): Promise<Connection> {
    this.#count++;
    try {
      const fresh = await this.#source.fresh();
      const connection = fresh ?? (await this.#source.main());
      if (fresh) this.#own.add(fresh);
      else this.#most = 1;
      this.#all.add(connection);
      return connection;
    } catch (error) {
      this.#count--;
      this.#waiting.shift()?.(undefined);
      throw error;
    }
  }

  #giveBack(connection: Connection): void {
    if (connection.lost.aborted) {
      this.#forget(connection);
      this.#waiting.shift()?.(undefined);
      return;
    }
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }

  #forget(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    this.#count--;
    if (this.#own.delete(connection)) void connection.close().catch(() => undefined);
  }
}
