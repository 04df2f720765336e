import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import { type Compression, packer, unpacker } from './compression.ts';

/** Of pieces beyond this size, in bytes, one at a time is held. */
export const LARGE: number = 4 * 1024 * 1024;

/**
 * Writes a file piece by piece. While one piece is packed, and the one before is written,
 * the caller can read the next; a third has to wait, so that memory stays flat.
 */
export class PackedFile {
  readonly #handle: FileHandle;
  readonly #pack: ReturnType<typeof packer>;
  #last: Promise<void> = Promise.resolve();
  #empty = true;

  constructor(handle: FileHandle, compression: Compression) {
    this.#handle = handle;
    this.#pack = packer(compression);
  }

  static async create(path: string, compression: Compression): Promise<PackedFile> {
    return new PackedFile(await open(path, 'w', 0o600), compression);
  }

  /** Resolves when the next piece may come. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#empty = false;
    const packed = this.#pack(bytes);
    packed.catch(() => {});
    await this.#last;
    this.#last = this.#append(packed);
    this.#last.catch(() => {});
    if (bytes.length > LARGE) await this.#last;
  }

  async #append(packed: Promise<Uint8Array>): Promise<void> {
    const bytes = await packed;
    for (let at = 0; at < bytes.length; ) {
      at += (await this.#handle.write(bytes, at)).bytesWritten;
    }
  }

  /** When it resolves, the file is on the disk. */
  async end(): Promise<void> {
    // A packed file of nothing is not an empty file.
    if (this.#empty) await this.write(new Uint8Array());
    await this.#last;
    await this.#handle.sync();
    await this.#handle.close();
  }

  /** After a failure: whoever made the folder removes the file. */
  async abandon(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#handle.close().catch(() => {});
  }
}

/** Whole documents, one behind the other. */
export interface Documents {
  readonly bytes: Buffer;
  readonly count: number;
}

const PIECE = 2 * 1024 * 1024;
/** A message holds no more than 100,000. */
const PIECE_DOCUMENTS = 50_000;
/** 16 MB, and what the server allows its own documents beyond that. */
const LARGEST = 16 * 1024 * 1024 + 64 * 1024;

/**
 * The documents of a `.bson`, `.bson.gz` or `.bson.zst` file, in pieces of about 2 MB.
 *
 * @throws GodwitError `GODWIT_BACKUP_DAMAGED`
 */
export async function* readDocuments(path: string): AsyncGenerator<Documents> {
  let pieces: Buffer[] = [];
  let held = 0;
  try {
    for await (const chunk of plainBytes(path)) {
      pieces.push(chunk);
      held += chunk.length;
      if (held < PIECE) continue;
      let rest = Buffer.concat(pieces, held);
      pieces = [];
      for (;;) {
        const documents = whole(rest, path);
        if (documents.count === 0) break;
        yield documents;
        rest = rest.subarray(documents.bytes.length);
      }
      pieces = [rest];
      held = rest.length;
    }
    let rest = Buffer.concat(pieces, held);
    pieces = [];
    while (rest.length > 0) {
      const documents = whole(rest, path);
      if (documents.count === 0) throw damaged(path, 'it ends within a document');
      yield documents;
      rest = rest.subarray(documents.bytes.length);
    }
  } catch (error) {
    if (isReadError(error)) throw damaged(path, thrownMessage(error));
    throw error;
  }
}

function whole(bytes: Buffer, path: string): Documents {
  let end = 0;
  let count = 0;
  while (end + 4 <= bytes.length && count < PIECE_DOCUMENTS && end < PIECE) {
    const length = bytes.readInt32LE(end);
    if (length < 5 || length > LARGEST) throw damaged(path, `a document of ${length} bytes`);
    if (end + length > bytes.length) break;
    end += length;
    count++;
  }
  return { bytes: bytes.subarray(0, end), count };
}

async function* plainBytes(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const unpack = unpacker(path);
  if (unpack === undefined) {
    yield* file;
    return;
  }
  file.on('error', (error) => unpack.destroy(error));
  try {
    yield* file.pipe(unpack);
  } finally {
    file.destroy();
    unpack.destroy();
  }
}

function isReadError(error: unknown): boolean {
  const code = String((error as { code?: unknown } | undefined)?.code ?? '');
  return /^(Z_|ERR_|ZSTD_|ENOENT)/.test(code);
}

function damaged(path: string, why: string): GodwitError {
  return new GodwitError('GODWIT_BACKUP_DAMAGED', `The file ${path} is damaged: ${why}.`, {
    where: { file: path },
    next: ['take another one: godwit backup list'],
  });
}
