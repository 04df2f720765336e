import { noteCompleted, type SimpleOptions, type SimpleResult } from './connection.ts';

/** The part of pg's protocol connection that a query object is handed. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

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
  readonly #onResult: SimpleOptions['onResult'];
  readonly #results: SimpleResult[] = [];
  #open: OpenResult = { columns: [], rows: [], rowCount: 0 };
  #resolve!: (results: SimpleResult[]) => void;
  #reject!: (error: unknown) => void;

  constructor(text: string, options: SimpleOptions = {}) {
    this.#text = text;
    this.#keep = options.keepRows ?? Number.POSITIVE_INFINITY;
    this.#copyData = options.copyData;
    this.#onResult = options.onResult;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(wire: Wire): null {
    wire.query(this.#text);
    return null;
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
    if (this.#copyData === undefined) {
      wire.sendCopyFail('COPY … FROM stdin needs its data in the same file');
      return;
    }
    wire.sendCopyFromChunk(Buffer.from(this.#copyData, 'utf8'));
    wire.endCopyFrom();
  }

  handleCopyData(): void {}

  handleError(error: unknown): void {
    noteCompleted(error, this.#results.length);
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#results);
  }
}
