import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { BackupFile } from '../../../ports/backup.ts';
import { type Compression, packer, unpacker } from './compression.ts';
import { DocumentCutter, type Documents } from './document-cutter.ts';

/** Of pieces beyond this size, in bytes, one at a time is held. */
export const LARGE: number = 4 * 1024 * 1024;

/**
 * Writes a file piece by piece. While one piece is packed, and the one before is written,
 * the caller can read the next; a third has to wait, so that memory stays flat.
 */
export class PackedFile {
  readonly #handle: FileHandle;
  readonly #pack: ReturnType<typeof packer>;
  readonly #hash = createHash('sha256');
  #bytes = 0;
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
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      at += (await this.#handle.write(bytes, at)).bytesWritten;
    }
  }

  /**
   * When it resolves, the file is on the disk.
   *
   * @returns what is in it
   */
  async end(): Promise<Omit<BackupFile, 'path'>> {
    // A packed file of nothing is not an empty file.
    if (this.#empty) await this.write(new Uint8Array());
    await this.#last;
    await this.#handle.sync();
    await this.#handle.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** After a failure: whoever made the folder removes the file. */
  async abandon(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#handle.close().catch(() => {});
  }
}

/**
 * The documents of a `.bson`, `.bson.gz` or `.bson.zst` file, in pieces of about 2 MB.
 *
 * @throws GodwitError `GODWIT_BACKUP_DAMAGED`
 */
export async function* readDocuments(path: string): AsyncGenerator<Documents> {
  const cutter = new DocumentCutter((why) => damaged(path, why));
  try {
    for await (const chunk of plainBytes(path)) yield* cutter.push(chunk);
    yield* cutter.end();
  } catch (error) {
    if (isReadError(error)) throw damaged(path, thrownMessage(error));
    throw error;
  }
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
