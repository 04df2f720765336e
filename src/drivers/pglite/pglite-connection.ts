import { GodwitError } from '../../errors.ts';
import type { SqlResult } from '../../ports/context.ts';
import {
  type Connection,
  createQueue,
  noteCompleted,
  type SimpleOptions,
  type SimpleResult,
  type TransactionState,
} from '../postgres/connection.ts';

/** A message of the protocol, as PGlite hands it over. */
interface Message {
  readonly name: string;
  readonly text?: string;
  readonly status?: TransactionState;
  readonly fields?: readonly unknown[];
}

interface PgliteResult {
  readonly blob?: Blob;
  readonly rows: Record<string, unknown>[];
  readonly fields: { readonly name: string; readonly dataTypeID: number }[];
  readonly affectedRows?: number;
  readonly command?: string;
}

/** The part of PGlite that is used. */
export interface PgliteLike {
  readonly closed: boolean;
  execProtocol(
    message: Uint8Array,
    options: {
      throwOnError: boolean;
      onNotice?: (notice: { severity?: string; message?: string }) => void;
    },
  ): Promise<{ messages: Message[] }>;
  query(text: string, values?: unknown[], options?: { blob?: Blob }): Promise<PgliteResult>;
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A session over PGlite, which has only this one. */
export class PgliteConnection implements Connection {
  readonly pid: number | undefined = undefined;
  readonly #database: PgliteLike;
  readonly #lost = new AbortController();
  readonly #enqueue = createQueue();
  #state: TransactionState = 'I';
  readonly streams = false;
  onNotice: Connection['onNotice'];

  constructor(database: PgliteLike) {
    this.#database = database;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get state(): TransactionState {
    return this.#state;
  }

  simple(text: string, options: SimpleOptions = {}): Promise<SimpleResult[]> {
    return this.#enqueue(async () => {
      this.#throwIfLost();
      if (options.copyData !== undefined) return this.#copy(text, [options.copyData]);
      if (options.copySource !== undefined) {
        const pieces: Uint8Array[] = [];
        for await (const piece of options.copySource) pieces.push(piece);
        return this.#copy(text, pieces);
      }
      if (options.copySink !== undefined) return this.#copyOut(text, options.copySink);
      const messages = await this.#send(text);
      return collect(messages, options.keepRows ?? Number.POSITIVE_INFINITY);
    });
  }

  /** As in pg: without values the text may hold several statements. */
  query(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    const given = text as string | { text: string; values?: readonly unknown[] };
    const sql = typeof given === 'string' ? given : given.text;
    const parameters = values ?? (typeof given === 'string' ? undefined : given.values);
    return this.#enqueue(async () => {
      this.#throwIfLost();
      if (parameters === undefined || parameters.length === 0) return this.#exec(sql);
      try {
        return toSqlResult(await this.#database.query(sql, [...parameters]));
      } finally {
        await this.#readState();
      }
    });
  }

  /** Its server lives in this process: there is nothing to cut, only to stop using. */
  destroy(): void {
    if (!this.#lost.signal.aborted) {
      // What was begun must not be in the way of whoever uses the database next.
      if (this.#state !== 'I') void this.#send('rollback').catch(() => undefined);
      this.#lost.abort(new GodwitError('GODWIT_STOPPED', 'The database was closed by godwit.'));
    }
  }

  async close(): Promise<void> {
    this.destroy();
  }

  async #exec(sql: string): Promise<SqlResult> {
    try {
      const database = this.#database as PgliteLike & {
        exec(sql: string): Promise<PgliteResult[]>;
      };
      const results = (await database.exec(sql)).map(toSqlResult);
      // pg gives an array for several statements.
      return results.length === 1 || results.length === 0
        ? (results[0] ?? toSqlResult({ rows: [], fields: [] }))
        : (results as unknown as SqlResult);
    } finally {
      await this.#readState();
    }
  }

  /** An empty message changes nothing and tells the state of the transaction. */
  async #readState(): Promise<void> {
    await this.#send('');
  }

  async #copy(text: string, data: readonly (string | Uint8Array)[]): Promise<SimpleResult[]> {
    try {
      const file = text.replace(/\bfrom\s+stdin\b/i, "from '/dev/blob'");
      const blob = new Blob(data as (string | Uint8Array<ArrayBuffer>)[]);
      await this.#database.query(file, [], { blob });
      return [{ command: 'COPY', columns: [], rows: [], rowCount: 0 }];
    } finally {
      await this.#readState();
    }
  }

  /** All that one statement gives is in memory: ask for parts of a table. */
  async #copyOut(
    text: string,
    sink: NonNullable<SimpleOptions['copySink']>,
  ): Promise<SimpleResult[]> {
    try {
      const file = text.replace(/\bto\s+stdout\b/i, "to '/dev/blob'");
      const { blob } = await this.#database.query(file);
      if (blob) await sink(new Uint8Array(await blob.arrayBuffer()));
      return [{ command: 'COPY', columns: [], rows: [], rowCount: 0 }];
    } finally {
      await this.#readState();
    }
  }

  async #send(text: string): Promise<Message[]> {
    const { messages } = await this.#database.runExclusive(() =>
      this.#database.execProtocol(encode(text), {
        throwOnError: false,
        onNotice: ({ severity = 'NOTICE', message = '' }) => this.onNotice?.(severity, message),
      }),
    );
    const ready = messages.findLast((message) => message.name === 'readyForQuery');
    this.#state = ready?.status ?? this.#state;
    return messages;
  }

  #throwIfLost(): void {
    if (this.#lost.signal.aborted || this.#database.closed) {
      throw new GodwitError('GODWIT_CONNECTION_LOST', 'The PGlite database is closed.');
    }
  }
}

/** A simple query: `Q`, length, text, NUL. */
function encode(text: string): Uint8Array {
  const body = Buffer.from(`${text.replaceAll('\u0000', '')}\u0000`, 'utf8');
  const message = Buffer.alloc(body.length + 5);
  message.write('Q', 0, 'latin1');
  message.writeInt32BE(body.length + 4, 1);
  body.copy(message, 5);
  return new Uint8Array(message);
}

function collect(messages: readonly Message[], keep: number): SimpleResult[] {
  const results: SimpleResult[] = [];
  let columns: string[] = [];
  let rows: (string | null)[][] = [];
  let rowCount = 0;
  for (const message of messages) {
    switch (message.name) {
      case 'rowDescription':
        columns = (message.fields ?? []).map((field) => (field as { name: string }).name);
        break;
      case 'dataRow':
        if (rowCount++ < keep) rows.push(message.fields as (string | null)[]);
        break;
      case 'commandComplete':
        results.push({ command: message.text ?? '', columns, rows, rowCount });
        columns = [];
        rows = [];
        rowCount = 0;
        break;
      case 'error':
        noteCompleted(message, results.length);
        throw message;
    }
  }
  return results;
}

function toSqlResult({ rows, fields, affectedRows, command }: PgliteResult): SqlResult {
  return {
    rows,
    rowCount: rows.length > 0 ? rows.length : (affectedRows ?? null),
    command: command ?? '',
    fields,
  };
}
