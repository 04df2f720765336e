import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { rawChecksum } from '../core/checksum.ts';
import { cutSql } from '../core/text/sql-cut.ts';
import { GodwitError } from '../errors.ts';
import type { SqlPart } from '../ports/sql-part.ts';

/** Files of more bytes are read from the disk piece by piece, each time they are needed. */
export const LONG_BYTES: number = 4 * 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;

/**
 * A file that is too long to be held. It is hashed as it is listed, and compared with that
 * whenever it is read, so that what is hashed, parsed and run is the same here too.
 */
export class LongFile {
  readonly isUtf8: boolean;
  readonly #path: string;
  readonly #file: string;
  #stats: Pick<Stats, 'size' | 'mtimeMs'>;
  /** Found by whoever reads it whole first, which listing it does. */
  #raw: string | undefined;
  /** By range. */
  readonly #places = new Map<string, readonly Place[]>();

  /**
   * Throws what `fs` throws.
   *
   * @param path absolute
   * @param file relative to the project, for errors
   */
  constructor(path: string, file: string) {
    this.#path = path;
    this.#file = file;
    const fd = openSync(path, 'r');
    try {
      this.#stats = fstatSync(fd);
      let valid = true;
      for (const { characters } of readBytes(fd)) valid &&= isUtf8(characters);
      this.isUtf8 = valid;
    } finally {
      closeSync(fd);
    }
  }

  /** SHA-256 of its bytes, hex. */
  get raw(): string {
    this.#raw ??= this.#hash();
    return this.#raw;
  }

  /**
   * SQL of it in parts. Where they are is found once and kept, with a hash of each.
   *
   * @param from offset of its first character, from 0
   * @param to offset behind its last
   * @throws GodwitError GODWIT_PLAN_CHANGED before a part that is not what was listed, or,
   * the first time, at the end
   */
  *parts(from = 0, to = Number.POSITIVE_INFINITY): Generator<SqlPart, void> {
    const range = `${from}-${to}`;
    const known = this.#places.get(range);
    if (known) {
      yield* this.#known(known);
      return;
    }
    const places: Place[] = [];
    const skipped = { bytes: 0 };
    let at = 0;
    for (const part of cutSql(this.#slice(from, to, skipped))) {
      const { text, ...rest } = part;
      const bytes = Buffer.byteLength(text);
      places.push({ ...rest, at: at + skipped.bytes, bytes, check: checkOf(text) });
      at += bytes;
      yield part;
    }
    this.#places.set(range, places);
  }

  /** All of it, or of a range. */
  text(from = 0, to = Number.POSITIVE_INFINITY): string {
    return [...this.#slice(from, to, { bytes: 0 })].join('');
  }

  *#known(places: readonly Place[]): Generator<SqlPart, void> {
    const fd = this.#open();
    try {
      if (fstatSync(fd).size !== this.#stats.size) throw changed(this.#file);
      const buffer = Buffer.allocUnsafe(Math.max(0, ...places.map(({ bytes }) => bytes)));
      for (const { at, bytes, check, ...part } of places) {
        let length = 0;
        for (let read = -1; length < bytes && read !== 0; length += read) {
          read = readSync(fd, buffer, length, bytes - length, at + length);
        }
        const found = buffer.subarray(0, length);
        if (checkOf(found) !== check) throw changed(this.#file);
        yield { ...part, text: found.toString('utf8') };
      }
    } finally {
      closeSync(fd);
    }
  }

  /** What is behind the range is read too: only at its end a file is known to be the same. */
  *#slice(from: number, to: number, skipped: { bytes: number }): Generator<string, void> {
    let at = 0;
    for (const { text, mark } of this.#chunks()) {
      const begin = Math.min(Math.max(from - at, 0), text.length);
      const end = Math.min(to - at, text.length);
      skipped.bytes += mark;
      if (begin > 0) skipped.bytes += Buffer.byteLength(text.slice(0, begin));
      if (begin < end) yield text.slice(begin, end);
      at += text.length;
    }
  }

  /** The text without a byte order mark, and the bytes of that where there was one. */
  *#chunks(): Generator<{ readonly text: string; readonly mark: number }, void> {
    const fd = this.#open();
    try {
      const digest = createHash('sha256');
      let first = true;
      for (const { fresh, characters } of readBytes(fd)) {
        digest.update(fresh);
        const text = characters.toString('utf8');
        const hasMark = first && text.charCodeAt(0) === 0xfeff;
        yield hasMark ? { text: text.slice(1), mark: 3 } : { text, mark: 0 };
        first = false;
      }
      const raw = digest.digest('hex');
      this.#raw ??= raw;
      if (raw !== this.#raw) throw changed(this.#file);
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Whether it still is what was listed, before anything of it is run: read again only if
   * the disk says that somebody wrote it.
   *
   * @throws GodwitError GODWIT_PLAN_CHANGED
   */
  refuseChanged(): void {
    const fd = this.#open();
    const { size, mtimeMs } = fstatSync(fd);
    closeSync(fd);
    if (size === this.#stats.size && mtimeMs === this.#stats.mtimeMs) return;
    if (this.#hash() !== this.raw) throw changed(this.#file);
    this.#stats = { size, mtimeMs };
  }

  #hash(): string {
    const fd = this.#open();
    try {
      const digest = createHash('sha256');
      for (const { fresh } of readBytes(fd)) digest.update(fresh);
      return digest.digest('hex');
    } finally {
      closeSync(fd);
    }
  }

  #open(): number {
    try {
      return openSync(this.#path, 'r');
    } catch (cause) {
      throw changed(this.#file, cause);
    }
  }
}

/** Where a part is. */
interface Place extends Omit<SqlPart, 'text'> {
  /** First byte of the file. */
  readonly at: number;
  readonly bytes: number;
  readonly check: number | string;
}

interface Bytes {
  /** As they were read. */
  readonly fresh: Buffer;
  /** Whole characters: with what was left over from before, and without a broken one. */
  readonly characters: Buffer;
}

/**
 * Tells quickly whether a part is as it was. Other files need nothing of zlib, so it is not
 * loaded for them. A few versions of Node have no CRC, or no such way to it.
 */
function checkOf(data: Buffer | string): number | string {
  const zlib = process.getBuiltinModule?.('node:zlib');
  return zlib?.crc32 ? zlib.crc32(data) : rawChecksum(data);
}

/** What it gives is overwritten by the next. */
function* readBytes(fd: number): Generator<Bytes, void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES + 4);
  let kept = 0;
  for (;;) {
    const length = readSync(fd, buffer, kept, CHUNK_BYTES, null);
    const all = buffer.subarray(0, kept + length);
    const end = length === 0 ? all.length : wholeCharacters(all);
    if (all.length > 0) {
      yield { fresh: all.subarray(kept), characters: all.subarray(0, end) };
    }
    if (length === 0) return;
    kept = buffer.copy(buffer, 0, end, all.length);
  }
}

/** Where the last character ends that is there as a whole. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function changed(file: string, cause?: unknown): GodwitError {
  return new GodwitError('GODWIT_PLAN_CHANGED', `${file} was changed after it was listed.`, {
    cause,
    where: { file },
    state: 'Nothing of it is recorded as done but what its checkpoints say.',
    next: ['godwit plan'],
  });
}
