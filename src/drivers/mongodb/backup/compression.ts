import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { GodwitError } from '../../../errors.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

/** Ending of the files' names, as the tools know them. */
export const ENDINGS: Readonly<Record<Compression, string>> = {
  gzip: '.gz',
  zstd: '.zst',
  none: '',
};

type Pack = (bytes: Uint8Array) => Promise<Uint8Array>;

/** What Node has from 22.15 on. */
interface WithZstd {
  readonly zstdCompress?: (
    bytes: Uint8Array,
    done: (error: Error | null, packed: Buffer) => void,
  ) => void;
  readonly createZstdDecompress?: (options: { chunkSize: number }) => Duplex;
}

const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip);
const CHUNK = 1024 * 1024;
/** The higher ones take many times as long, and gain little on documents. */
const FASTEST = { level: 1, memLevel: 9, chunkSize: CHUNK / 4 } as const;

/**
 * Packs a piece of a file by itself, in another thread: such pieces one behind the other
 * are a valid file of their kind.
 *
 * @throws GodwitError `GODWIT_UNSUPPORTED` for zstd where Node has none
 */
export function packer(compression: Compression): Pack {
  switch (compression) {
    case 'none':
      return async (bytes) => bytes;
    case 'gzip':
      return (bytes) => gzip(bytes, FASTEST);
    case 'zstd': {
      const { zstdCompress } = zlib as WithZstd;
      if (zstdCompress === undefined) throw withoutZstd();
      return promisify(zstdCompress) as Pack;
    }
  }
}

/** By the file's name. Undefined: it is not packed. */
export function unpacker(path: string): Duplex | undefined {
  if (path.endsWith(ENDINGS.gzip)) return zlib.createGunzip({ chunkSize: CHUNK });
  if (!path.endsWith(ENDINGS.zstd)) return undefined;
  const { createZstdDecompress } = zlib as WithZstd;
  if (createZstdDecompress === undefined) throw withoutZstd();
  return createZstdDecompress({ chunkSize: CHUNK });
}

function withoutZstd(): GodwitError {
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    `Node ${process.versions.node} knows no zstd; Node 22.15 and later do.`,
    { state: 'Nothing was done.', next: ['use gzip: backup: { compression: "gzip" }'] },
  );
}
