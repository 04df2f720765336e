import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

const NEWLINE = 10;
/** Ends the data of a COPY. */
const END = Buffer.from('\\.\n');
const END_ON_ITS_LINE = Buffer.from('\n\\.\n');

/** Reads a script from a gzip file, by lines and by blocks of COPY data, in flat memory. */
export class ScriptReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    const source = createReadStream(file, { highWaterMark: 1 << 18 });
    const unzipped = source.pipe(createGunzip({ chunkSize: 1 << 18 }));
    source.on('error', (error) => unzipped.destroy(error));
    this.#chunks = unzipped[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Without its line end; undefined at the end. */
  async line(): Promise<string | undefined> {
    for (let from = 0; ; ) {
      const at = this.#buffer.indexOf(NEWLINE, from);
      if (at >= 0) return this.#take(at + 1).toString('utf8', 0, at);
      from = this.#buffer.length;
      if (!(await this.#more())) {
        return this.#buffer.length === 0 ? undefined : this.#take(from).toString('utf8');
      }
    }
  }

  /** The data that follows a COPY … FROM stdin, without the line that ends it. */
  async *copyData(): AsyncGenerator<Buffer> {
    while (this.#buffer.length < END.length && (await this.#more()));
    if (this.#buffer.subarray(0, END.length).equals(END)) {
      this.#take(END.length);
      return;
    }
    for (;;) {
      const end = this.#buffer.indexOf(END_ON_ITS_LINE);
      if (end >= 0) {
        yield this.#take(end + 1);
        this.#take(END.length);
        return;
      }
      // The last bytes may be the beginning of the end.
      const sure = this.#buffer.length - END.length;
      if (sure > 0) yield this.#take(sure);
      if (!(await this.#more())) throw new Error('The file ends in the middle of its data.');
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) return false;
    this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
    return true;
  }
}
