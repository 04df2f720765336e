import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { noteCompleted, type SimpleOptions, type SimpleResult } from './connection.ts';

/** The part of pg's protocol connection that a query object is handed. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
  readonly stream: Duplex;
}

/** COPY data is sent in chunks of so many characters. */
const COPY_CHUNK = 64 * 1024;

interface OpenResult {
  columns: string[];
  rows: (string | null)[][];
  rowCount: number;
}

/**
 * A message of any number of statements, as pg's documented custom query object. Unlike
 * pg's own it counts the statements that were done, keeps only the rows it is asked to,
 * and leaves values as text.
 */
export class SimpleQuery {
  readonly done: Promise<SimpleResult[]>;
  readonly #text: string;
  readonly #keep: number;
  readonly #copyData: string | undefined;
  readonly #copySource: SimpleOptions['copySource'];
  readonly #copySink: SimpleOptions['copySink'];
  readonly #onResult: SimpleOptions['onResult'];
  readonly #onTurn: SimpleOptions['onTurn'];
  readonly #results: SimpleResult[] = [];
  #sent = false;
  #over = false;
  /** Why the source or the sink of a COPY gave up. */
  #given: { readonly reason: unknown } | undefined;
  #open: OpenResult = { columns: [], rows: [], rowCount: 0 };
  #resolve!: (results: SimpleResult[]) => void;
  #reject!: (error: unknown) => void;

  constructor(text: string, options: SimpleOptions = {}) {
    this.#text = text;
    this.#keep = options.keepRows ?? Number.POSITIVE_INFINITY;
    this.#copyData = options.copyData;
    this.#copySource = options.copySource;
    this.#copySink = options.copySink;
    this.#onResult = options.onResult;
    this.#onTurn = options.onTurn;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Sent, and without an answer: another may be sent behind it. */
  get underWay(): boolean {
    return this.#sent && !this.#over;
  }

  /** Called by pg when its answer is next. */
  submit(wire: Wire): null {
    this.#onTurn?.();
    if (!this.#sent) wire.query(this.#text);
    this.#sent = true;
    return null;
  }

  /** Sends it before that: the server takes one message after the other. */
  sendAhead(wire: Pick<Wire, 'query'>): void {
    this.#sent = true;
    wire.query(this.#text);
  }

  handleRowDescription(message: { fields: { name: string }[] }): void {
    this.#open.columns = message.fields.map((field) => field.name);
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    const open = this.#open;
    if (open.rowCount++ < this.#keep) open.rows.push(message.fields);
  }

  handleCommandComplete(message: { text: string }): void {
    const result = { command: message.text, ...this.#open };
    this.#results.push(result);
    this.#onResult?.(result);
    this.#open = { columns: [], rows: [], rowCount: 0 };
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyInResponse(wire: Wire): void {
    if (this.#copySource !== undefined) {
      void this.#feed(wire, this.#copySource);
      return;
    }
    if (this.#copyData === undefined) {
      wire.sendCopyFail('COPY … FROM stdin needs its data in the same file');
      return;
    }
    void this.#feed(wire, chunksOf(this.#copyData));
  }

  /** The server is not read from while the sink is behind. */
  handleCopyData(message: { chunk: Uint8Array }, wire: Wire): void {
    if (this.#given) return;
    const behind = this.#sink(message.chunk);
    if (behind === undefined) return;
    wire.stream.pause();
    behind
      .catch((reason: unknown) => {
        this.#given ??= { reason };
      })
      .finally(() => wire.stream.resume());
  }

  #sink(chunk: Uint8Array): Promise<void> | undefined {
    try {
      return this.#copySink?.(chunk);
    } catch (reason) {
      this.#given ??= { reason };
      return undefined;
    }
  }

  /** Sends data as fast as it is taken. After an error the server ignores the rest. */
  async #feed(wire: Wire, source: NonNullable<SimpleOptions['copySource']>): Promise<void> {
    try {
      for await (const chunk of source) {
        if (this.#over || wire.stream.destroyed) return;
        wire.sendCopyFromChunk(Buffer.from(chunk));
        if (wire.stream.writableNeedDrain) await drained(wire.stream);
      }
      // It may have failed in between, and another COPY may have begun.
      if (!this.#over) wire.endCopyFrom();
    } catch (reason) {
      this.#given ??= { reason };
      if (!this.#over && !wire.stream.destroyed) wire.sendCopyFail('its source failed');
    }
  }

  handleError(error: unknown): void {
    this.#over = true;
    noteCompleted(error, this.#results.length);
    this.#reject(this.#given ? this.#given.reason : error);
  }

  handleReadyForQuery(): void {
    this.#over = true;
    if (this.#given) this.#reject(this.#given.reason);
    else this.#resolve(this.#results);
  }
}

/** Ends also when there is nobody left to take anything. */
async function drained(stream: Duplex): Promise<void> {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  try {
    await Promise.race([once(stream, 'drain', options), once(stream, 'close', options)]);
  } finally {
    ended.abort();
  }
}

/** The text is encoded as it is sent. No chunk ends in the middle of a character. */
function* chunksOf(text: string): Generator<Buffer, void> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + COPY_CHUNK);
    const code = text.charCodeAt(end - 1);
    if (end < text.length && code >= 0xd800 && code < 0xdc00) end++;
    yield Buffer.from(text.slice(at, end), 'utf8');
    at = end;
  }
}
