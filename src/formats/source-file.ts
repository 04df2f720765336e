import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { normalizedChecksum, rawChecksum } from '../core/checksum.ts';
import type { Checksum } from '../ports/migration.ts';

/**
 * A file that is read once, on first use, so that what is hashed, parsed and run are the
 * same bytes.
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
}

export function sourceFile(path: string, file: string): SourceFile {
  let bytes: Buffer | undefined;
  let text: string | undefined;
  const read = (): Buffer => {
    bytes ??= readFileSync(path);
    return bytes;
  };
  return {
    path,
    file,
    bytes: read,
    text: () => {
      text ??= stripByteOrderMark(read().toString('utf8'));
      return text;
    },
    isUtf8: () => isUtf8(read()),
  };
}

/** A TypeScript file is marked: what was compiled from it cannot be compared with it. */
function normalizedIn(language: 'sql' | 'js' | 'ts', text: string): string {
  const normalized = normalizedChecksum(text, language === 'sql' ? 'sql' : 'script');
  return language === 'ts' ? normalized.replace(':', ':ts:') : normalized;
}

/** Hashed on first use: `status` of a pending migration needs no hash at all. */
export function lazyChecksum(source: SourceFile, language: 'sql' | 'js' | 'ts'): Checksum {
  let raw: string | undefined;
  let normalized: string | undefined;
  return {
    get raw() {
      raw ??= rawChecksum(source.bytes());
      return raw;
    },
    normalized: () => {
      normalized ??= normalizedIn(language, source.text());
      return normalized;
    },
  };
}

function stripByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
