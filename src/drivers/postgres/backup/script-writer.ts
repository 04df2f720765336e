import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';

/** Parts of a script, in their order. `head` and `tail` are for psql alone. */
export type Section = 'head' | 'prologue' | 'pre-data' | 'data' | 'post-data' | 'epilogue' | 'tail';

const PIECE = 1 << 16;

/** The line before a section: with a word that no function's body can have guessed. */
export function sectionMark(section: Section, word: string): string {
  return `-- godwit section ${word} ${section}`;
}

/** Writes a script into a gzip file in pieces; each write waits while the disk is behind. */
export class ScriptWriter {
  readonly #word: string;
  readonly #gzip: Gzip = createGzip({ level: 1 });
  readonly #done: Promise<void>;
  #pieces: Buffer[] = [];
  #length = 0;
  #failure: unknown;

  constructor(file: string, word: string) {
    this.#word = word;
    this.#done = pipeline(this.#gzip, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    this.#done.catch((error: unknown) => {
      this.#failure = error;
    });
  }

  section(section: Section): Promise<void> | undefined {
    return this.write(`${sectionMark(section, this.#word)}\n`);
  }

  /**
   * Takes a copy of what it is given. @returns what must be waited for before more is
   * written; undefined when there is room
   */
  write(data: string | Uint8Array): Promise<void> | undefined {
    const piece = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data);
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this.#length < PIECE ? undefined : this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    this.#gzip.end();
    await this.#done;
  }

  /** Nothing of it is of use. */
  async abandon(): Promise<void> {
    this.#gzip.destroy();
    await this.#done.catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#gzip.write(all)) return;
    await Promise.race([once(this.#gzip, 'drain'), this.#done]);
    if (this.#failure !== undefined) throw this.#failure;
  }
}
