import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DocumentCutter,
  type Documents,
} from '../../../../src/drivers/mongodb/backup/document-cutter.ts';

const MB = 1024 * 1024;

/** A length, and so many bytes that make it. */
function document(length: number, fill: number): Buffer {
  const bytes = Buffer.alloc(length, fill);
  bytes.writeInt32LE(length);
  return bytes;
}

function cut(chunks: readonly Buffer[]): Documents[] {
  const cutter = new DocumentCutter((why) => new Error(why));
  return [...chunks.flatMap((chunk) => [...cutter.push(chunk)]), ...cutter.end()];
}

function inChunks(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

describe('documents of a file that comes in chunks', () => {
  it('are whole, in their order, and all there, wherever the chunks end', () => {
    const lengths = fc.array(fc.integer({ min: 5, max: 40 }), { maxLength: 30 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 60 }), (sizes, chunk) => {
        const file = Buffer.concat(sizes.map((size, at) => document(size, at + 1)));
        const pieces = cut(inChunks(file, chunk));
        expect(Buffer.concat(pieces.flatMap(({ parts }) => parts))).toEqual(file);
        expect(pieces.reduce((sum, { count }) => sum + count, 0)).toBe(sizes.length);
        expect(pieces.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('come in pieces of about 2 MB that end with a document', () => {
    const file = Buffer.concat(Array.from({ length: 9000 }, (_, at) => document(1000, at % 250)));
    const pieces = cut(inChunks(file, MB));
    expect(pieces.map(({ count }) => count)).toEqual([2098, 2098, 2098, 2098, 608]);
    for (const { parts, bytes, count } of pieces) {
      expect(bytes).toBe(count * 1000);
      expect(Buffer.concat(parts)).toHaveLength(bytes);
    }
    expect(Buffer.concat(pieces.flatMap(({ parts }) => parts)).equals(file)).toBe(true);
  });

  it('are no more in a piece than a message may hold', () => {
    const file = Buffer.concat(Array.from({ length: 120_000 }, () => document(5, 0)));
    const counts = cut(inChunks(file, 256 * 1024)).map(({ count }) => count);
    expect(counts).toEqual([50_000, 50_000, 20_000]);
  });

  it('may each be longer than many chunks', () => {
    const file = Buffer.concat([document(5 * MB, 1), document(16 * MB, 2), document(7, 3)]);
    const pieces = cut(inChunks(file, 64 * 1024));
    expect(pieces.map(({ count }) => count)).toEqual([1, 1, 1]);
    expect(Buffer.concat(pieces.flatMap(({ parts }) => parts)).equals(file)).toBe(true);
  });

  it.each([
    ['a length that is none', [document(9, 1), Buffer.from([4, 0, 0, 0, 0])], 'a document of 4'],
    ['a length beyond all', [Buffer.from([0, 0, 0, 127, 0])], 'a document of 2130706432 bytes'],
    ['a negative length', [Buffer.from([255, 255, 255, 255, 0])], 'a document of -1 bytes'],
    ['half a document', [document(9, 1).subarray(0, 8)], 'it ends within a document'],
    ['half a length', [document(9, 1), Buffer.from([9, 0])], 'it ends within a document'],
  ])('are damaged with %s', (_, parts, message) => {
    for (const size of [1, 3, 1000]) {
      expect(() => cut(inChunks(Buffer.concat(parts), size))).toThrow(message);
    }
  });
});
