/** Whole documents, one behind the other, where they were read: nothing is copied together. */
export interface Documents {
  readonly parts: readonly Uint8Array[];
  /** Length of all parts. */
  readonly bytes: number;
  readonly count: number;
}

const PIECE = 2 * 1024 * 1024;
/** A message holds no more than 100,000. */
const PIECE_DOCUMENTS = 50_000;
/** 16 MB, and what the server allows its own documents beyond that. */
const LARGEST = 16 * 1024 * 1024 + 64 * 1024;
const SMALLEST = 5;
/** Of a document: its length. */
const HEAD = 4;

/** Finds whole documents in chunks of a file, in pieces of about 2 MB. */
export class DocumentCutter {
  readonly #damaged: (why: string) => Error;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #count = 0;
  /** Of a document that began in an earlier chunk. */
  #cut: Buffer[] = [];
  #cutBytes = 0;
  /** How long that document is; 0 while its length is not there yet. */
  #cutLength = 0;

  /** @param damaged makes the error for what is no document */
  constructor(damaged: (why: string) => Error) {
    this.#damaged = damaged;
  }

  /** @returns what is complete with this chunk */
  *push(chunk: Buffer): Generator<Documents> {
    let at = this.#complete(chunk);
    while (at < chunk.length) {
      const from = at;
      while (at < chunk.length && !this.#isFull(at - from)) {
        const end = at + HEAD <= chunk.length ? at + this.#lengthAt(chunk, at) : chunk.length + 1;
        if (end > chunk.length) break;
        at = end;
        this.#count++;
      }
      if (at > from) this.#add(chunk.subarray(from, at));
      if (this.#isFull(0)) yield this.#take();
      else if (at < chunk.length) {
        this.#keep(chunk.subarray(at));
        return;
      }
    }
  }

  /** @returns the rest; nothing of a file without documents */
  *end(): Generator<Documents> {
    if (this.#cutBytes > 0) throw this.#damaged('it ends within a document');
    if (this.#count > 0) yield this.#take();
  }

  /** @returns where in the chunk the document ends that began before it */
  #complete(chunk: Buffer): number {
    let at = 0;
    while (this.#cutBytes > 0 && at < chunk.length) {
      const end = at + (this.#cutLength || HEAD) - this.#cutBytes;
      this.#keep(chunk.subarray(at, end));
      at = Math.min(end, chunk.length);
      if (this.#cutBytes !== this.#cutLength) continue;
      this.#add(Buffer.concat(this.#cut));
      this.#count++;
      this.#cut = [];
      this.#cutBytes = 0;
      this.#cutLength = 0;
    }
    return at;
  }

  #keep(bytes: Buffer): void {
    this.#cut.push(bytes);
    this.#cutBytes += bytes.length;
    if (this.#cutLength > 0 || this.#cutBytes < HEAD) return;
    this.#cutLength = this.#lengthAt(Buffer.concat(this.#cut), 0);
  }

  #add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  #isFull(more: number): boolean {
    return this.#bytes + more >= PIECE || this.#count >= PIECE_DOCUMENTS;
  }

  #take(): Documents {
    const documents = { parts: this.#parts, bytes: this.#bytes, count: this.#count };
    this.#parts = [];
    this.#bytes = 0;
    this.#count = 0;
    return documents;
  }

  #lengthAt(bytes: Buffer, at: number): number {
    const length = bytes.readInt32LE(at);
    if (length >= SMALLEST && length <= LARGEST) return length;
    throw this.#damaged(`a document of ${length} bytes`);
  }
}
