import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ScriptReader } from '../../../../../src/drivers/postgres/backup/script-reader.ts';
import { ScriptWriter } from '../../../../../src/drivers/postgres/backup/script-writer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-script-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Rows as COPY writes them: any bytes but line ends, and never `\.` alone. */
const row = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('', '\\', '\\.x', 'x\\.', '\\\\.', '.'),
    fc.integer({ min: 1, max: 300_000 }).map((length) => 'z'.repeat(length)),
  )
  .map((text) => text.replaceAll(/[\n\0]/g, ' '))
  .filter((text) => text !== '\\.');

it('rows come out as they went in, wherever the pieces end', async () => {
  const file = join(folder, 'rows.gz');
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), fc.string(), async (rows, next) => {
      const after = next.replaceAll(/[\n\0]/g, ' ');
      const data = rows.map((text) => `${text}\n`).join('');
      await writeFile(file, gzipSync(`COPY a FROM stdin;\n${data}\\.\n${after}\nlast`));
      const reader = new ScriptReader(file);
      expect(await reader.line()).toBe('COPY a FROM stdin;');
      const pieces: Buffer[] = [];
      for await (const piece of reader.copyData()) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(Buffer.from(data))).toBe(true);
      expect(await reader.line()).toBe(Buffer.from(after).toString());
      expect(await reader.line()).toBe('last');
      expect(await reader.line()).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

it('data that ends before its end is told', async () => {
  const file = join(folder, 'short.gz');
  await writeFile(file, gzipSync('1\n2\n'));
  const reading = async () => {
    for await (const _ of new ScriptReader(file).copyData());
  };
  await expect(reading()).rejects.toThrow(/middle of its data/);
});

it('what is written in pieces is one script, and its pieces may be used again', async () => {
  const file = join(folder, 'written.gz');
  const writer = new ScriptWriter(file, 'word');
  await writer.section('head');
  const piece = Buffer.alloc(70_000);
  for (let i = 0; i < 20; i++) {
    piece.fill(65 + i);
    await writer.write(piece);
  }
  await writer.end();
  const text = gunzipSync(await readFile(file)).toString();
  expect(text.startsWith('-- godwit section word head\nAAA')).toBe(true);
  expect(text).toHaveLength('-- godwit section word head\n'.length + 20 * 70_000);
  expect(text.at(-1)).toBe('T');
});

it('a file that cannot be written is an error, not a wait', async () => {
  const writer = new ScriptWriter(join(folder, 'nowhere', 'x.gz'), 'word');
  const writing = async () => {
    for (let i = 0; i < 100; i++) await writer.write(Buffer.alloc(100_000));
    await writer.end();
  };
  await expect(writing()).rejects.toMatchObject({ code: 'ENOENT' });
});
