import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;
const LINE_BREAK = 10;

/**
 * Lines of a file by their numbers from 1, without what ends them. Of a long file nothing
 * else is held.
 *
 * @returns fewer where there are not so many; throws what `fs` throws
 */
export function readLines(path: string, from: number, to: number): string[] {
  const kept: Buffer[] = [];
  let line = 1;
  for (const chunk of chunksOf(path)) {
    let begin = line >= from ? 0 : -1;
    let end = chunk.length;
    for (let at = chunk.indexOf(LINE_BREAK); at >= 0; at = chunk.indexOf(LINE_BREAK, at + 1)) {
      line++;
      if (line === from) begin = at + 1;
      if (line <= to) continue;
      end = at;
      break;
    }
    if (begin >= 0) kept.push(Buffer.from(chunk.subarray(begin, end)));
    if (line > to) break;
  }
  if (line < from) return [];
  return Buffer.concat(kept).toString('utf8').replace(/\r$/, '').split(/\r?\n/);
}

/** What it gives is overwritten by the next. */
function* chunksOf(path: string): Generator<Buffer, void> {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const length = readSync(fd, buffer, 0, CHUNK_BYTES, null);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}
