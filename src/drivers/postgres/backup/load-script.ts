import type { BackupWork } from '../../../ports/backup.ts';
import type { Connection } from '../connection.ts';
import { stoppedError } from '../interrupt.ts';
import { ScriptReader } from './script-reader.ts';
import type { Section } from './script-writer.ts';

/** As much COPY data as a session that cannot stream is given at once, in bytes. */
const PIECE = 8 << 20;

export interface Loading extends BackupWork {
  /** Tables in all, for the progress. */
  readonly total: number;
}

/** Runs a script's sections inside the transaction that is open: what psql would do. */
export async function loadScript(
  connection: Connection,
  file: string,
  loading: Loading,
): Promise<void> {
  const reader = new ScriptReader(file);
  try {
    await new Loader(connection, reader, loading).run();
  } finally {
    await reader.close();
  }
}

class Loader {
  readonly #connection: Connection;
  readonly #reader: ScriptReader;
  readonly #loading: Loading;
  #lines: string[] = [];
  #done = 0;

  constructor(connection: Connection, reader: ScriptReader, loading: Loading) {
    this.#connection = connection;
    this.#reader = reader;
    this.#loading = loading;
  }

  async run(): Promise<void> {
    // The first line is the head's mark, and tells the word of the others.
    const mark = /^-- godwit section (\w+) head$/.exec((await this.#reader.line()) ?? '');
    if (!mark) throw new Error('The file was not made by godwit.');
    const begin = `-- godwit section ${mark[1]} `;
    let section: Section = 'head';
    for (;;) {
      const line = await this.#reader.line();
      if (line === undefined) throw new Error('The file ends before its end.');
      if (line.startsWith(begin)) {
        await this.#flush(section);
        section = line.slice(begin.length) as Section;
        if (section === 'tail') return;
      } else if (section === 'data' && line.endsWith(' FROM stdin;')) {
        this.#lines.push(line);
        await this.#copy();
      } else if (!/^\\(un)?restrict \w+$/.test(line)) this.#lines.push(line);
    }
  }

  /** A section is one message, so that no SQL has to be split. */
  async #flush(section: Section): Promise<void> {
    const text = this.#lines.join('\n');
    this.#lines = [];
    if (section === 'head') return;
    if (section !== 'data')
      this.#tell(section === 'post-data' ? 'indexes and constraints' : 'schema');
    await this.#send(text);
  }

  async #copy(): Promise<void> {
    const at = this.#lines.findLastIndex((line) => line.startsWith('COPY '));
    const statement = this.#lines.slice(at).join('\n');
    await this.#send(this.#lines.slice(0, at).join('\n'));
    this.#lines = [];
    this.#tell(statement.slice(5, statement.indexOf(' (')).replaceAll('"', ''));
    const data = this.#watched(this.#reader.copyData());
    if (this.#connection.streams) await this.#send(statement, data);
    else {
      for await (const piece of inPieces(data)) await this.#send(statement, [piece]);
    }
    this.#done++;
  }

  async #send(
    text: string,
    copySource?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    if (this.#loading.signal.aborted) throw stoppedError();
    if (text.trim() === '') return;
    await this.#connection.simple(text, { keepRows: 0, ...(copySource && { copySource }) });
  }

  async *#watched(data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of data) {
      if (this.#loading.signal.aborted) throw stoppedError();
      yield chunk;
    }
  }

  #tell(name: string): void {
    const { total, onProgress } = this.#loading;
    onProgress({ name, done: Math.min(this.#done, total), total, rows: 0 });
  }
}

/** Whole lines, many at once. */
async function* inPieces(data: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of data) {
    const end = chunk.lastIndexOf(10) + 1;
    if (length + chunk.length > PIECE && end > 0) {
      yield Buffer.concat([...pieces, chunk.subarray(0, end)]);
      pieces = [chunk.subarray(end)];
      length = chunk.length - end;
    } else {
      pieces.push(chunk);
      length += chunk.length;
    }
  }
  if (length > 0) yield Buffer.concat(pieces);
}
