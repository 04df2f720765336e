import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BSON } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReadRow } from '../../../src/ports/backfill-job.ts';
import { openPool, type TransformPool } from '../../../src/worker/pool.ts';

const bson = pathToFileURL(createRequire(import.meta.url).resolve('mongodb')).href;
const { signal } = new AbortController();
let folder: string;
const pools: TransformPool[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-pool-'));
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await rm(folder, { recursive: true, force: true });
});

async function poolOf(
  text: string,
  options: { name?: string; bson?: string; batch?: boolean; limitMs?: number } = {},
): Promise<TransformPool> {
  const path = join(folder, options.name ?? `t${pools.length}.mjs`);
  await writeFile(path, text);
  const pool = await openPool(
    { path, batch: options.batch ?? false, bson: options.bson },
    { threads: 2, limitMs: options.limitMs },
  );
  pools.push(pool);
  return pool;
}

const rowsOf = (rows: readonly Record<string, unknown>[]): ReadRow[] =>
  rows.map((row, index) => ({ key: [index], row }));

describe('a transform in threads', () => {
  it('is ended when it never returns: the row is named, the others are done', async () => {
    const { draw } = await poolOf(
      'export default ({ n }) => { while (n === 30); return { n: n + 1 }; };',
      { limitMs: 300 },
    );
    const changes = await draw(rowsOf(Array.from({ length: 40 }, (_, n) => ({ n }))), signal);
    const late = changes.flatMap((change, n) => (change.type === 'set' ? [] : [[n, change]]));
    expect(late).toEqual([
      [
        30,
        {
          type: 'poison',
          error: {
            code: 'GODWIT_BACKFILL_TIMEOUT',
            message: 'The transform did not return within 300 ms for the row 30.',
          },
        },
      ],
    ]);
  });

  it('answers every row in order', async () => {
    const { draw } = await poolOf('export default ({ n }) => (n % 2 ? { n: n + 1 } : undefined);');
    const rows = rowsOf(Array.from({ length: 101 }, (_, n) => ({ n })));
    const changes = await draw(rows, signal);
    expect(
      changes.map((change) => (change.type === 'set' ? change.values['n'] : undefined)),
    ).toEqual(rows.map(({ row }) => (Number(row['n']) % 2 ? Number(row['n']) + 1 : undefined)));
  });

  it('takes TypeScript, CommonJS and batches', async () => {
    const typed = await poolOf('export const transform = (r: { n: number }) => ({ n: r.n * 2 });', {
      name: 'typed.ts',
    });
    const batch = await poolOf('module.exports = (rows) => rows.map(() => ({ $delete: true }));', {
      name: 'batch.cjs',
      batch: true,
    });
    const rows = rowsOf([{ n: 4 }]);
    expect(await typed.draw(rows, signal)).toEqual([{ type: 'set', values: { n: 8 } }]);
    expect(await batch.draw(rows, signal)).toEqual([{ type: 'delete' }]);
  });

  it('keeps the values of a document, whatever their types', async () => {
    const { draw } = await poolOf('export default ({ _id, ...row }) => ({ copy: row });', { bson });
    const row = {
      _id: new BSON.ObjectId(),
      id: new BSON.ObjectId(),
      at: new Date(5),
      long: BSON.Long.fromString('9007199254740993'),
      decimal: BSON.Decimal128.fromString('1.10'),
      bytes: new BSON.Binary(Buffer.from([1, 2])),
      uuid: new BSON.UUID(),
      list: [{ deep: null }],
      pattern: /a/i,
    };
    const [change] = await draw(rowsOf([row]), signal);
    expect(change?.type).toBe('set');
    const { copy } = (change as unknown as { values: { copy: typeof row } }).values;
    expect(copy.id).toBeInstanceOf(BSON.ObjectId);
    expect(copy.id.equals(row.id)).toBe(true);
    expect(copy.at).toEqual(row.at);
    expect(String(copy.long)).toBe('9007199254740993');
    expect(copy.decimal.toString()).toBe('1.10');
    expect(copy.uuid.toString()).toBe(row.uuid.toString());
    expect(copy.list).toEqual(row.list);
    expect(copy.pattern).toEqual(row.pattern);
  });

  it('keeps plain values, buffers and bigints', async () => {
    const { draw } = await poolOf(
      'export default (r) => ({ hex: r.bytes.toString("hex"), bytes: Buffer.concat([r.bytes, r.bytes]), big: r.big + 1n, at: r.at });',
    );
    const at = new Date(7);
    const [change] = await draw(rowsOf([{ bytes: Buffer.from('ab'), big: 5n, at }]), signal);
    expect(change).toEqual({
      type: 'set',
      values: { hex: '6162', bytes: Buffer.from('abab'), big: 6n },
    });
  });

  it('says which row it failed for', async () => {
    const { draw } = await poolOf(
      'export default async ({ n }) => { if (n === 3) throw new Error("not three"); return { n: 0 }; };',
    );
    const changes = await draw(rowsOf([1, 2, 3, 4].map((n) => ({ n }))), signal);
    expect(changes.map(({ type }) => type)).toEqual(['set', 'set', 'poison', 'set']);
    expect(changes[2]).toMatchObject({ error: { message: 'not three' } });
  });

  it('finds the row that kills its thread', async () => {
    const { draw } = await poolOf(
      'export default ({ n }) => { if (n === 30) process.exit(1); return { n: -n }; };',
    );
    const changes = await draw(
      rowsOf(Array.from({ length: 60 }, (_, n) => ({ n: n + 1 }))),
      signal,
    );
    expect(changes.filter(({ type }) => type === 'poison')).toHaveLength(1);
    expect(changes[29]?.type).toBe('poison');
  });

  it('says what is wrong with a module', async () => {
    const none = await poolOf('export const x = 1;');
    await expect(none.draw(rowsOf([{ n: 1 }]), signal)).rejects.toThrow(/no function by default/);
    const broken = await poolOf('throw new Error("at once");');
    await expect(broken.draw(rowsOf([{ n: 1 }]), signal)).rejects.toThrow(/at once/);
  });

  it('ends with its pool, and with its signal', async () => {
    const pool = await poolOf('export default () => { for (;;); };');
    const abort = new AbortController();
    const endless = pool.draw(rowsOf([{ n: 1 }]), abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 200);
    await expect(endless).rejects.toThrow('enough');
    await pool.close();
  });
});
