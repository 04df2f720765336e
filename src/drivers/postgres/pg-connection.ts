import type { EventEmitter } from 'node:events';
import { GodwitError } from '../../errors.ts';
import type { SqlResult } from '../../ports/context.ts';
import {
  type Connection,
  createQueue,
  type SimpleOptions,
  type SimpleResult,
  sqlState,
  type TransactionState,
} from './connection.ts';
import { SimpleQuery } from './simple-query.ts';

/** The part of pg's Client that is used; any copy of pg 8 has it. */
export interface PgClient extends EventEmitter {
  readonly processID?: number | null;
  readonly connection: EventEmitter & {
    readonly stream?: { destroy(): void };
    query(text: string): void;
  };
  connect(): Promise<unknown>;
  query(query: SimpleQuery): unknown;
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
  end(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: as an EventEmitter declares it
type Listener = (...args: any[]) => void;

/** A session over pg's Client. */
export class PgConnection implements Connection {
  readonly #client: PgClient;
  readonly #release: ((destroy: boolean) => Promise<void>) | undefined;
  readonly #lost = new AbortController();
  readonly #enqueue = createQueue();
  readonly #listeners: readonly [EventEmitter, string, Listener][];
  #state: TransactionState = 'I';
  /** Messages without an answer: without any, `state` is true. */
  #unanswered = 0;
  /** Messages that wait for an answer to those before them. */
  #unsent = 0;
  /** What was sent last, where it is one to send another behind. */
  #last: SimpleQuery | undefined;
  /** Sent, and to be handed to pg when their answer is next: its own queue is deprecated. */
  readonly #following: SimpleQuery[] = [];
  readonly streams = true;
  #closed = false;
  onNotice: Connection['onNotice'];

  /**
   * @param client connected already
   * @param release for a client that somebody else owns: gives it back
   */
  constructor(client: PgClient, release?: (destroy: boolean) => Promise<void>) {
    this.#client = client;
    this.#release = release;
    const lose = (cause?: unknown): void => this.#lose(cause);
    this.#listeners = [
      [client, 'error', lose],
      [client, 'end', () => lose()],
      [client, 'notice', (notice: { severity?: string; message?: string }) => this.#notice(notice)],
      [
        client.connection,
        'readyForQuery',
        (message: { status?: TransactionState }) => {
          this.#state = message.status ?? 'I';
          this.#unanswered = Math.max(0, this.#unanswered - 1);
          if (!this.#last?.underWay) this.#last = undefined;
          const next = this.#following.shift();
          if (next) client.query(next);
        },
      ],
    ];
    for (const [emitter, event, listener] of this.#listeners) emitter.on(event, listener);
  }

  get pid(): number | undefined {
    return this.#client.processID ?? undefined;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get state(): TransactionState {
    return this.#state;
  }

  simple(text: string, options?: SimpleOptions): Promise<SimpleResult[]> {
    const query = new SimpleQuery(text, options);
    const canFollow = this.#unsent === 0 && this.#last?.underWay && !this.lost.aborted;
    if (options?.ahead && canFollow) return this.#ahead(query);
    return this.#inTurn(() => {
      this.#last = query;
      this.#client.query(query);
      return query.done;
    });
  }

  query(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    return this.#inTurn(() => this.#client.query(text, values));
  }

  #inTurn<T>(send: () => Promise<T>): Promise<T> {
    this.#unsent += 1;
    return this.#enqueue(() => {
      this.#unsent -= 1;
      this.#throwIfLost();
      this.#last = undefined;
      // One that pg refused to send before is not waited for any more.
      this.#unanswered = 1;
      return this.#watch(send());
    });
  }

  /** What comes after it waits for its answer, as for any other. */
  #ahead(query: SimpleQuery): Promise<SimpleResult[]> {
    this.#unanswered += 1;
    this.#last = query;
    this.#following.push(query);
    query.sendAhead(this.#client.connection);
    const answer = this.#watch(query.done);
    answer.catch(() => undefined);
    return this.#enqueue(() => answer);
  }

  /** A session that was ended says why in the error of its last query. */
  async #watch<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (/^57P0[123]$/.test(sqlState(error) ?? '')) this.#lose(error);
      await this.#answered(error);
      throw error;
    }
  }

  /** pg reports an error before the server has said what state it leaves. */
  #answered(error: unknown): Promise<void> | undefined {
    const { signal } = this.#lost;
    if (this.#unanswered === 0 || sqlState(error) === undefined || signal.aborted) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#client.connection.once('readyForQuery', done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  destroy(): void {
    this.#client.connection.stream?.destroy();
    this.#lose(new Error('The connection was cut by godwit.'));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const lost = this.#lost.signal.aborted;
    if (this.#release) {
      for (const [emitter, event, listener] of this.#listeners) emitter.off(event, listener);
      await this.#release(lost);
    } else if (!lost) {
      await this.#client.end().catch(() => undefined);
    }
    this.#lose(new Error('The connection was closed.'));
  }

  #notice({ severity = 'NOTICE', message = '' }: { severity?: string; message?: string }): void {
    this.onNotice?.(severity, message);
  }

  #lose(cause?: unknown): void {
    if (this.#lost.signal.aborted) return;
    this.#lost.abort(cause ?? new Error('The server closed the connection.'));
    for (const query of this.#following.splice(0)) query.handleError(this.#lost.signal.reason);
  }

  #throwIfLost(): void {
    if (this.#lost.signal.aborted) {
      throw new GodwitError('GODWIT_CONNECTION_LOST', 'The connection to PostgreSQL is gone.', {
        cause: this.#lost.signal.reason,
      });
    }
  }
}
