import type { SqlResult } from '../../ports/context.ts';

/** What one statement of a simple message gave, its values as the server's text. */
export interface SimpleResult {
  /** The command tag, such as `INSERT 0 1`. */
  readonly command: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows there were; more than `rows` when not all were kept. */
  readonly rowCount: number;
}

export interface SimpleOptions {
  /** Rows kept of each statement. Default: all. */
  readonly keepRows?: number | undefined;
  /** Data for the message's COPY … FROM stdin. */
  readonly copyData?: string | undefined;
  /** The same in pieces, read as fast as the server takes them. */
  readonly copySource?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined;
  /**
   * Takes what COPY … TO stdout sends, which must be copied before it returns. What it
   * returns is waited for before more is read, where the connection streams.
   */
  readonly copySink?: ((chunk: Uint8Array) => Promise<void> | undefined) | undefined;
  /** Called with each statement's result as it arrives, where the connection streams. */
  readonly onResult?: ((result: SimpleResult) => void) | undefined;
  /** Called, where the connection streams, when the answer to this message is next. */
  readonly onTurn?: (() => void) | undefined;
  /**
   * Where the connection streams: send it while the server works on the messages before it,
   * which it runs whatever becomes of those. It waits its turn where one is not sent yet.
   */
  readonly ahead?: boolean | undefined;
}

/** Transaction state as the server last reported: idle, in one, or in a failed one. */
export type TransactionState = 'I' | 'T' | 'E';

/**
 * One session of a PostgreSQL server, whatever client speaks to it. Messages are sent
 * one after the other, in the order of the calls.
 */
export interface Connection {
  /** Backend's pid as the server, or the pooler before it, reported at the start. */
  readonly pid: number | undefined;
  /** Aborted when the connection is gone, with the cause as reason. */
  readonly lost: AbortSignal;
  readonly state: TransactionState;
  /** Results arrive one by one, also those before an error. */
  readonly streams: boolean;
  /**
   * Sends any number of statements as one message. An error is thrown as the client's
   * own, and `completedOf` tells how many statements were done before it.
   */
  simple(text: string, options?: SimpleOptions): Promise<SimpleResult[]>;
  /** For user code: `query` in pg's shape. */
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
  /** Called with NOTICE and WARNING until it is replaced. */
  onNotice: ((severity: string, message: string) => void) | undefined;
  /** Cuts the connection without a goodbye. */
  destroy(): void;
  close(): Promise<void>;
}

/** What a server error carries, in pg and in PGlite alike. */
export interface ServerError extends Error {
  /** SQLSTATE. */
  readonly code: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly internalQuery?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly constraint?: string;
}

/** True for an error that the server sent, not one of the network. */
export function isServerError(thrown: unknown): thrown is ServerError {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(thrown.code) &&
    // Node's own codes have five capitals too, such as EPIPE.
    'severity' in thrown
  );
}

/** SQLSTATE of an error, or undefined when it is not the server's. */
export function sqlState(thrown: unknown): string | undefined {
  return isServerError(thrown) ? thrown.code : undefined;
}

const completed = new WeakMap<object, number>();

/** Statements of the message that were done before this error. */
export function completedOf(thrown: unknown): number | undefined {
  return typeof thrown === 'object' && thrown !== null ? completed.get(thrown) : undefined;
}

export function noteCompleted(thrown: unknown, count: number): void {
  // What ends a session ends also what was sent behind: it is the first message's error.
  if (typeof thrown !== 'object' || thrown === null || completed.has(thrown)) return;
  completed.set(thrown, count);
}

/** Runs tasks one after the other, in the order they came, whatever becomes of each. */
export function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  };
}
