import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { normalizedChecksum, normalizedSqlChecksum, rawChecksum } from '../core/checksum.ts';
import type { Checksum } from '../ports/migration.ts';
import { LONG_BYTES, LongFile } from './long-file.ts';

/**
 * A file that is read once, on first use, so that what is hashed, parsed and run are the
 * same bytes. A long one is not held, and is hashed whenever it is read.
 */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
  /** The raw bytes. Throws what `fs` throws. */
  bytes(): Uint8Array;
  /** As UTF-8, without a byte order mark. */
  text(): string;
  isUtf8(): boolean;
  /** The file, if it is so long that its bytes and text should not be asked for. */
  long(): LongFile | undefined;
}

export function sourceFile(path: string, file: string): SourceFile {
  let content: Buffer | LongFile | undefined;
  let text: string | undefined;
  const read = (): Buffer | LongFile => {
    content ??= readSource(path, file);
    return content;
  };
  return {
    path,
    file,
    bytes: () => {
      const found = read();
      return found instanceof LongFile ? readFileSync(path) : found;
    },
    text: () => {
      const found = read();
      if (found instanceof LongFile) return found.text();
      text ??= stripByteOrderMark(found.toString('utf8'));
      return text;
    },
    isUtf8: () => {
      const found = read();
      return found instanceof LongFile ? found.isUtf8 : isUtf8(found);
    },
    long: () => {
      const found = read();
      return found instanceof LongFile ? found : undefined;
    },
  };
}

/** Nearly every file fits: it needs not be asked for its size. */
let small: Buffer | undefined;
const SMALL_BYTES = 64 * 1024;

function readSource(path: string, file: string): Buffer | LongFile {
  small ??= Buffer.allocUnsafeSlow(SMALL_BYTES);
  const fd = openSync(path, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < SMALL_BYTES; length += read) {
      read = readSync(fd, small, length, SMALL_BYTES - length, null);
    }
    if (length < SMALL_BYTES) return Buffer.from(small.subarray(0, length));
    if (fstatSync(fd).size > LONG_BYTES) return new LongFile(path, file);
    return Buffer.concat([small, readFileSync(fd)]);
  } finally {
    closeSync(fd);
  }
}

/** A TypeScript file is marked: what was compiled from it cannot be compared with it. */
function normalizedIn(language: 'sql' | 'js' | 'ts', source: SourceFile): string {
  const long = language === 'sql' ? source.long() : undefined;
  if (long) return normalizedSqlChecksum(() => long.parts());
  const normalized = normalizedChecksum(source.text(), language === 'sql' ? 'sql' : 'script');
  return language === 'ts' ? normalized.replace(':', ':ts:') : normalized;
}

/** Hashed on first use: `status` of a pending migration needs no hash at all. */
export function lazyChecksum(source: SourceFile, language: 'sql' | 'js' | 'ts'): Checksum {
  let raw: string | undefined;
  let normalized: string | undefined;
  return {
    get raw() {
      raw ??= source.long()?.raw ?? rawChecksum(source.bytes());
      return raw;
    },
    normalized: () => {
      normalized ??= normalizedIn(language, source);
      return normalized;
    },
  };
}

function stripByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
