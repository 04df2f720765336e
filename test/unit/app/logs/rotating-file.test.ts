import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RotatingFile } from '../../../../src/app/logs/rotating-file.ts';

describe('RotatingFile', () => {
  let folder: string;
  const failures: unknown[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'godwit-log-'));
    failures.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const create = (keep = 2, maxBytes = 100, path = join(folder, 'deep', 'a.log')) =>
    new RotatingFile({ path, keep, maxBytes, onFailure: (cause) => failures.push(cause) });
  const lines = (name: string): string[] =>
    readFileSync(join(folder, 'deep', name), 'utf8')
      .trimEnd()
      .split('\n');

  it('puts full files aside, keeps so many, and loses no line of those', () => {
    const file = create();
    for (let i = 0; i < 50; i++) file.write(`line ${String(i).padStart(3, '0')}\n`);
    expect(readdirSync(join(folder, 'deep')).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
    const kept = [...lines('a.log.2'), ...lines('a.log.1'), ...lines('a.log')];
    expect(kept).toEqual(
      Array.from(
        { length: kept.length },
        (_, i) => `line ${String(50 - kept.length + i).padStart(3, '0')}`,
      ),
    );
    for (const name of ['a.log', 'a.log.1', 'a.log.2']) {
      expect(readFileSync(join(folder, 'deep', name)).length).toBeLessThanOrEqual(100);
    }
    file.close();
  });

  it('keeps none where none are to be kept, and goes on with what is there', () => {
    const file = create(0);
    for (let i = 0; i < 30; i++) file.write(`line ${i}\n`);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['a.log']);
    file.close();
    const next = create(0, 10_000);
    next.write('more\n');
    expect(lines('a.log').at(-1)).toBe('more');
    expect(lines('a.log').length).toBeGreaterThan(1);
  });

  it('two writers of one file lose nothing between them', () => {
    const [one, two] = [create(50), create(50)];
    for (let i = 0; i < 200; i++) (i % 2 === 0 ? one : two).write(`line ${i}\n`);
    const all = readdirSync(join(folder, 'deep')).flatMap(lines);
    expect(new Set(all).size).toBe(200);
    expect(all).toHaveLength(200);
  });

  it('says once that it cannot be written, and what was lost when it can again', () => {
    const path = join(folder, 'deep', 'a.log');
    writeFileSync(join(folder, 'deep'), 'a file stands where the folder should be');
    const file = create(2, 10_000, path);
    for (let i = 0; i < 5; i++) file.write(`line ${i}\n`);
    expect(failures).toHaveLength(1);
    rmSync(join(folder, 'deep'));
    file.write('back\n');
    expect(lines('a.log')).toEqual(['back', expect.stringContaining('"lost":5')]);
  });

  it.runIf(process.platform === 'linux')('outlives a full disk', () => {
    const path = join(folder, 'full.log');
    symlinkSync('/dev/full', path);
    const file = create(2, 10_000, path);
    for (let i = 0; i < 5; i++) file.write(`line ${i}\n`);
    expect(failures).toEqual([expect.objectContaining({ code: 'ENOSPC' })]);
  });
});
