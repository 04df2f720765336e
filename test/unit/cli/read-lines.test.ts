import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLines } from '../../../src/cli/render/read-lines.ts';

describe('readLines', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'godwit-lines-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function fileOf(text: string): string {
    const path = join(root, 'a.sql');
    writeFileSync(path, text);
    return path;
  }

  it.each([
    ['', 1, 2, ['']],
    ['a', 1, 2, ['a']],
    ['a\n', 1, 2, ['a', '']],
    ['a\r\nb\r\nc', 1, 2, ['a', 'b']],
    ['a\r\nb\r\nc', 2, 9, ['b', 'c']],
    ['a\nb', 3, 4, []],
  ])('%j from %i to %i', (text, from, to, lines) => {
    expect(readLines(fileOf(text), from, to)).toEqual(lines);
  });

  it('finds lines that are longer than what is read at once, and those behind them', () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i} ${'é€😀'.repeat(i * 311)}`);
    const path = fileOf(lines.join('\r\n'));
    for (let from = 1; from <= lines.length; from++) {
      expect(readLines(path, from, from + 2)).toEqual(lines.slice(from - 1, from + 2));
    }
  });
});
