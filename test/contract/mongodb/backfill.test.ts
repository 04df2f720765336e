import { Binary, type Db, Decimal128, Double, Long, MongoClient, ObjectId, UUID } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MongoBackfills } from '../../../src/drivers/mongodb/backfill/backfills.ts';
import type { Chunk, RowChange } from '../../../src/ports/backfill-job.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { addOne, jobOf, openBackfillsAt, RESUME, runLoop, UNDO } from './backfill-kit.ts';
import { ACTOR } from './kit.ts';

let server: TestMongod;
let client: MongoClient;
let db: Db;
let backfills: MongoBackfills;

beforeAll(async () => {
  server = await startMongod();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  const url = server.databaseUrl();
  client = await new MongoClient(url).connect();
  db = client.db();
  backfills = await openBackfillsAt(url);
  return async () => {
    await backfills.close();
    await client.close();
  };
});

const things = () => db.collection('things');
const TRANSFORM = { change: { type: 'transform' } } as const;
const ERROR = { code: 'GODWIT_BACKFILL_FAILED', message: 'bad row' } as const;

async function fill(count: number): Promise<void> {
  await things().insertMany(Array.from({ length: count }, (_, i) => ({ n: i, i, text: `t${i}` })));
}

/** Rows that were not changed exactly `times`. */
const wrong = (times = 1): Promise<number> =>
  things().countDocuments({ $expr: { $ne: ['$n', { $add: ['$i', times] }] } });

async function applied(job = jobOf(), size = 100): Promise<void> {
  await backfills.begin(job, RESUME);
  await runLoop(backfills, job, { size });
}

async function applyRows(
  job: ReturnType<typeof jobOf>,
  chunk: Chunk,
  change: (row: Readonly<Record<string, unknown>>) => RowChange,
  between: () => Promise<unknown> = async () => {},
) {
  const { rows } = await backfills.read(job, chunk);
  await between();
  return backfills.apply(job, chunk, 'w', { rows, changes: rows.map(({ row }) => change(row)) });
}

describe('every row once', () => {
  it('computed in the database', async () => {
    await fill(1234);
    const job = jobOf();
    const head = await backfills.begin(job, RESUME);
    expect(head).toMatchObject({ state: 'running', total: 1234, exact: true, generation: 1 });
    await runLoop(backfills, job);
    expect(await wrong()).toBe(0);
    expect(await backfills.head(job.ledger)).toMatchObject({
      state: 'complete',
      guarantee: 'exactly-once',
      progress: { rows: 1234, changed: 1234, chunksOpen: 0, cut: true, retries: 0, poisoned: 0 },
    });
    expect((await backfills.begin(job, RESUME)).state).toBe('complete');
    await runLoop(backfills, job);
    expect(await wrong()).toBe(0);
    const again = await backfills.begin(job, { ...RESUME, mode: 'again' });
    expect(again).toMatchObject({ generation: 2, state: 'running', progress: { rows: 0 } });
    await runLoop(backfills, job);
    expect(await wrong(2)).toBe(0);
  });

  it('computed in JavaScript, in both orders', async () => {
    await fill(1000);
    for (const order of ['ascending', 'descending'] as const) {
      const job = jobOf({ ledger: order, ...TRANSFORM, order, fields: ['n'] });
      await backfills.begin(job, RESUME);
      await runLoop(backfills, job, { transform: addOne, size: 77 });
      const { progress } = (await backfills.head(order)) ?? {};
      expect(progress).toMatchObject({ rows: 1000, changed: 1000, chunksOpen: 0 });
    }
    expect(await wrong(2)).toBe(0);
  });

  it('with update operators, plain fields and a filter', async () => {
    await fill(500);
    await applied(jobOf({ ledger: 'a', change: { type: 'set', set: { $inc: { n: 1 } } } }));
    expect(await wrong()).toBe(0);
    const filter = { $or: [{ i: { $lt: 10 } }, { i: 499 }] };
    await applied(jobOf({ ledger: 'b', change: { type: 'set', set: { flag: 'x' } }, filter }));
    expect(await things().countDocuments({ flag: 'x' })).toBe(11);
    expect((await backfills.head('b'))?.progress).toMatchObject({ rows: 11, changed: 11 });
  });

  it('an empty collection is complete at once', async () => {
    await db.createCollection('things');
    await applied();
    expect(await backfills.head('backfill:test')).toMatchObject({ state: 'complete', total: 0 });
  });
});

const LONG = Long.fromString('9007199254740993');
const MIXED: readonly unknown[] = [
  null,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -1.5,
  0,
  1,
  2.5,
  LONG,
  LONG.add(1),
  Decimal128.fromString('3.14'),
  Decimal128.fromString('1E+30'),
  Number.POSITIVE_INFINITY,
  '',
  'a',
  'ä',
  '$a',
  'a.b',
  {},
  { a: 1, b: 'x' },
  { b: 1 },
  { a: [1, 2] },
  new Binary(Buffer.from('xy')),
  new Binary(Buffer.alloc(16, 7), 4),
  new UUID(),
  new ObjectId(),
  new ObjectId(),
  false,
  true,
  new Date(0),
  new Date(-5),
  new Date(),
  ...Array.from({ length: 20 }, (_, i) => i + 10),
  ...Array.from({ length: 20 }, (_, i) => `s${i}`),
];

describe('keys of any type', () => {
  for (const order of ['ascending', 'descending'] as const) {
    for (const size of [1, 2, 3, 7, 1000]) {
      it(`as _id, ${order}, ${size} at once`, async () => {
        await things().insertMany(MIXED.map((_id, i) => ({ _id: _id as never, n: i, i })));
        await applied(jobOf({ ledger: 'set', order }), size);
        expect(await wrong(1)).toBe(0);
        await applied(jobOf({ ledger: 'transform', order, ...TRANSFORM }), size);
        expect(await wrong(2)).toBe(0);
        for (const ledger of ['set', 'transform']) {
          const { progress } = (await backfills.head(ledger)) ?? {};
          expect(progress).toMatchObject({ rows: MIXED.length, changed: MIXED.length });
        }
      });
    }
  }

  it('of several fields, with null, missing and all types', async () => {
    const parts = [null, Number.NaN, 1, new Double(1.5), 'a', new ObjectId(), true, new Date(1)];
    const rows = parts.flatMap((a, x) =>
      parts.map((b, y) => ({ a, b, n: x * 8 + y, i: x * 8 + y })),
    );
    await things().insertMany(rows.map(({ b, ...row }) => (b === null ? row : { ...row, b })));
    const key = ['a', 'b'];
    await expect(backfills.inspect(jobOf({ key }))).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_INVALID',
    });
    await things().createIndex({ a: 1, b: 1 }, { unique: true });
    let times = 0;
    for (const order of ['ascending', 'descending'] as const) {
      for (const size of [1, 3, 10, 500]) {
        await applied(jobOf({ ledger: `s${order}${size}`, key, order }), size);
        await applied(jobOf({ ledger: `t${order}${size}`, key, order, ...TRANSFORM }), size);
        times += 2;
        expect(await wrong(times)).toBe(0);
      }
    }
  });

  it('in a collection with a collation that takes capitals for small letters', async () => {
    await db.createCollection('things', { collation: { locale: 'en', strength: 2 } });
    const ids = ['a', 'B', 'c', 'D', 'é', 'f', 'G'];
    await things().insertMany(ids.map((_id, i) => ({ _id: _id as never, n: i, i })));
    await applied(jobOf({ ledger: 'set' }), 2);
    await applied(jobOf({ ledger: 'transform', ...TRANSFORM }), 2);
    expect(await wrong(2)).toBe(0);
  });

  it('refuses keys that JavaScript would bring in another order', async () => {
    await things().insertMany([{ _id: { b: 1, 7: 2 } as never, n: 1, i: 1 }]);
    await expect(backfills.begin(jobOf(), RESUME)).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_INVALID',
    });
  });

  it('survive JSON', async () => {
    await things().insertMany(MIXED.map((_id, i) => ({ _id: _id as never, n: i, i })));
    const job = jobOf(TRANSFORM);
    await backfills.begin(job, RESUME);
    const chunk = await backfills.claim(job, 'w', 100);
    const { rows } = await backfills.read(job, chunk as Chunk);
    const texts = new Set(rows.map(({ key }) => JSON.stringify(key)));
    expect(texts.size).toBe(MIXED.length);
    expect(texts).toContain('[{"$numberLong":"9007199254740993"}]');
  });
});

describe('values', () => {
  it('keeps null, missing, arrays, nested paths and types apart', async () => {
    const rows = [
      { _id: 1, phone: null, list: [1, 2] },
      { _id: 2, list: [[1], 2], address: { city: 'x', zip: Long.fromNumber(5) } },
      { _id: 3, phone: '', amount: Decimal128.fromString('1.10'), at: new Date(7) },
    ];
    await things().insertMany(rows as never);
    const job = jobOf(TRANSFORM);
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 10)) as Chunk;
    const result = await applyRows(job, chunk, (row): RowChange => {
      if (row['_id'] === 1) return { type: 'set', values: { phone: 'new', 'list.0': 9 } };
      if (row['_id'] === 2) {
        return { type: 'set', values: { 'address.city': 'y', phone: null }, unset: ['list'] };
      }
      return { type: 'none' };
    });
    expect(result).toMatchObject({ rows: 3, changed: 2, conflicts: 0 });
    const after = await things().find({}, { promoteValues: false, promoteLongs: false }).toArray();
    expect(after.map((row) => JSON.parse(JSON.stringify(row)))).toEqual([
      { _id: 1, phone: 'new', list: [9, 2] },
      { _id: 2, address: { city: 'y', zip: expect.anything() }, phone: null },
      { _id: 3, phone: '', amount: { $numberDecimal: '1.10' }, at: new Date(7).toJSON() },
    ]);
    expect(String((after[1] as never as { address: { zip: Long } }).address.zip)).toBe('5');
  });

  it('deletes, and leaves alone what is told to be', async () => {
    await fill(10);
    const job = jobOf(TRANSFORM);
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
    const result = await applyRows(job, chunk, (row) =>
      (row['i'] as number) < 4 ? { type: 'delete' } : { type: 'none' },
    );
    expect(result).toMatchObject({ rows: 10, changed: 0, deleted: 4 });
    expect(await things().countDocuments()).toBe(6);
  });
});

describe('rows that change meanwhile', () => {
  it('are never overwritten: they come again, and so do new ones', async () => {
    await fill(20);
    const job = jobOf({ ...TRANSFORM, filter: { gone: { $exists: false } } });
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
    const low = (await things().findOne({ i: 0 }))?._id as ObjectId;
    const inside = new ObjectId(`${low.toHexString().slice(0, -6)}${'0'.repeat(6)}`);
    const result = await applyRows(job, chunk, addOne, async () => {
      await things().updateOne({ i: 3 }, { $set: { n: 100, i: 100 } });
      await things().updateOne({ i: 4 }, { $set: { gone: true } });
      await things().deleteOne({ i: 5 });
      await things().insertOne({ _id: inside, n: 50, i: 50 });
      // The same number in another type: somebody wrote it, so it counts as changed.
      await things().updateOne({ i: 6 }, { $set: { n: new Double(6.0), more: null } });
    });
    expect(result).toMatchObject({ rows: 16, changed: 16, conflicts: 3 });
    const { progress } = (await backfills.head(job.ledger)) ?? {};
    expect(progress).toMatchObject({ chunksOpen: 1, conflicts: 3 });
    expect(await backfills.end(job.ledger, 'complete', {})).toBe(false);
    await runLoop(backfills, job, { worker: 'w', lanes: 1 });
    expect(await things().countDocuments({ $expr: { $ne: ['$n', { $add: ['$i', 1] }] } })).toBe(1);
    expect(await things().findOne({ gone: true })).toMatchObject({ n: 4, i: 4 });
    expect(await things().countDocuments()).toBe(20);
  });

  it('only the fields that were read count', async () => {
    await fill(5);
    const job = jobOf({ ...TRANSFORM, fields: ['n'] });
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
    const result = await applyRows(job, chunk, addOne, () =>
      things().updateMany({}, { $set: { text: 'other' } }),
    );
    expect(result).toMatchObject({ changed: 5, conflicts: 0 });
    expect(await things().countDocuments({ text: 'other' })).toBe(5);
  });
});

describe('chunks', () => {
  it('are applied by one of two', async () => {
    await fill(100);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 1000)) as Chunk;
    const results = await Promise.all([
      backfills.apply(job, chunk, 'other'),
      backfills.apply(job, chunk, 'w'),
    ]);
    expect(results.map((result) => result?.changed)).toEqual([undefined, 100]);
    expect(await backfills.apply(job, chunk, 'w')).toBeUndefined();
    expect(await wrong()).toBe(0);
  });

  it('are cut once, however many cut at once', async () => {
    await fill(1000);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const claims = Array.from({ length: 20 }, (_, i) => backfills.claim(job, `w${i % 4}`, 60));
    const found = (await Promise.all(claims)).filter((chunk) => chunk !== undefined);
    expect(new Set(found.map(({ n }) => n)).size).toBe(17);
    const results = await Promise.all(
      found.map((chunk) =>
        Promise.all(['w0', 'w1', 'w2', 'w3'].map((w) => backfills.apply(job, chunk, w))),
      ),
    );
    expect(results.flat().reduce((sum, one) => sum + (one?.changed ?? 0), 0)).toBe(1000);
    expect(await wrong()).toBe(0);
  });

  it('are told by their claim, when an election took the one before it away', async () => {
    await fill(100);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const before = (await backfills.claim(job, 'w', 60)) as Chunk;
    // What a new primary does not know of is cut again, by a lane of the same worker too.
    await db.collection('godwit_chunks').deleteMany({});
    const after = (await backfills.claim(job, 'w', 60)) as Chunk;
    expect(after.n).toBe(before.n);
    expect(await backfills.apply(job, before, 'w')).toBeUndefined();
    expect(await backfills.apply(job, after, 'w')).toMatchObject({ changed: 60 });
    await runLoop(backfills, job, { worker: 'w' });
    expect(await wrong()).toBe(0);
  });

  it('come back with an attempt, or without', async () => {
    await fill(10);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const first = (await backfills.claim(job, 'w', 100)) as Chunk;
    await backfills.giveBack(first, 'w');
    const second = (await backfills.claim(job, 'w', 100)) as Chunk;
    expect(second).toMatchObject({ n: first.n, attempts: 0 });
    await backfills.giveBack(second, 'w', ERROR);
    const third = (await backfills.claim(job, 'w', 100)) as Chunk;
    expect(third).toMatchObject({ n: first.n, attempts: 1 });
    expect((await backfills.head(job.ledger))?.progress.retries).toBe(1);
    await backfills.letGo(job.ledger, 'w', [third.n]);
    expect(await backfills.claim(job, 'x', 100)).toBeUndefined();
    await backfills.letGo(job.ledger, 'w', []);
    expect(await backfills.claim(job, 'x', 100)).toMatchObject({ n: first.n });
    expect(await backfills.apply(job, third, 'w')).toBeUndefined();
  });

  it('are halved until a row is alone, which is set aside and tried again', async () => {
    await fill(7);
    const job = jobOf(TRANSFORM);
    await backfills.begin(job, RESUME);
    let chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
    let splits = 0;
    while (await backfills.split(job, chunk, 'w')) {
      splits++;
      chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
    }
    expect(splits).toBeGreaterThan(1);
    await backfills.poison(job, chunk, 'w', ERROR);
    expect(await backfills.poisoned(job.ledger, 10)).toMatchObject([
      { error: ERROR, attempts: 1, key: [{ $oid: expect.any(String) }] },
    ]);
    await runLoop(backfills, job, { worker: 'w' });
    expect(await backfills.head(job.ledger)).toMatchObject({
      state: 'complete',
      progress: { rows: 7, changed: 6, poisoned: 1, chunksOpen: 0 },
    });
    expect(await wrong()).toBe(1);
    expect(await backfills.retryPoisoned(job.ledger)).toBe(1);
    expect(await backfills.retryPoisoned(job.ledger)).toBe(0);
    expect((await backfills.head(job.ledger))?.state).toBe('running');
    await runLoop(backfills, job, { worker: 'w' });
    expect(await wrong()).toBe(0);
    expect(await backfills.poisoned(job.ledger, 10)).toEqual([]);
  });

  it('set rows aside that a transform failed for, in their own commit', async () => {
    await fill(10);
    const job = jobOf(TRANSFORM);
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
    const result = await applyRows(job, chunk, (row) =>
      row['i'] === 3 ? { type: 'poison', error: ERROR } : addOne(row),
    );
    expect(result).toMatchObject({ rows: 10, changed: 9, poisoned: 1 });
    expect((await backfills.head(job.ledger))?.progress.poisoned).toBe(1);
  });
});

describe('the ledger', () => {
  it('pauses, resumes, cancels and tells heartbeats of it', async () => {
    await fill(10);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const report = { id: 'w.$1', by: ACTOR, rows: 5 };
    expect(await backfills.heartbeat(job.ledger, report)).toMatchObject({
      state: 'running',
      generation: 1,
      sweep: 1,
      workers: 1,
    });
    expect(await backfills.control(job.ledger, { paused: true, maxRate: 100 })).toBe(true);
    expect(await backfills.heartbeat(job.ledger, report)).toMatchObject({
      state: 'paused',
      control: { paused: true, maxRate: 100 },
    });
    expect(await backfills.claim(job, 'w', 10)).toBeUndefined();
    expect(await backfills.control(job.ledger, { paused: false })).toBe(true);
    expect(await backfills.claim(job, 'w', 10)).toBeDefined();
    expect(
      (await backfills.list()).map(({ ledger, workers }) => [ledger, workers[0]?.rows]),
    ).toEqual([['backfill:test', 5]]);
    expect(await backfills.end(job.ledger, 'cancelled', { why: 'x' })).toBe(true);
    expect(await backfills.end(job.ledger, 'failed', {})).toBe(false);
    expect(await backfills.control(job.ledger, { paused: true })).toBe(false);
    expect(await backfills.control('none', { paused: true })).toBe(false);
    expect(await backfills.claim(job, 'w', 10)).toBeUndefined();
    expect(await backfills.head('none')).toBeUndefined();
  });

  it('is not resumed with another definition', async () => {
    await fill(1);
    await backfills.begin(jobOf(), RESUME);
    const other = jobOf({ definition: 'd2' });
    await expect(backfills.begin(other, RESUME)).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_CHANGED',
    });
    const accepted = await backfills.begin(other, { ...RESUME, acceptDefinition: true });
    expect(accepted.definition).toBe('d2');
  });

  it('a chunk of a former generation commits nothing', async () => {
    await fill(10);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const old = (await backfills.claim(job, 'w', 5)) as Chunk;
    await backfills.end(job.ledger, 'cancelled', {});
    await backfills.begin(job, { ...RESUME, mode: 'again' });
    expect(await backfills.apply(job, old, 'w')).toBeUndefined();
    await runLoop(backfills, job);
    expect(await wrong()).toBe(0);
  });

  it('sweeps again, and tells what is beyond the bound', async () => {
    await things().insertMany([{ n: 0, i: 0 }]);
    const job = jobOf({ filter: { done: null }, change: { type: 'set', set: { done: 1 } } });
    const { growingKey } = await backfills.inspect(job);
    expect(growingKey).toBe(true);
    await backfills.begin(job, RESUME);
    await fill(3);
    expect(await backfills.remaining(job)).toEqual({ within: 1, beyond: 3 });
    const chunk = (await backfills.claim(job, 'w', 10)) as Chunk;
    expect(await backfills.apply(job, chunk, 'w')).toMatchObject({ changed: 1 });
    expect(await backfills.claim(job, 'w', 10)).toBeUndefined();
    await backfills.sweepAgain(job, 2);
    await backfills.sweepAgain(job, 2);
    const next = (await backfills.claim(job, 'w', 10)) as Chunk;
    expect(await backfills.apply(job, next, 'w')).toMatchObject({ changed: 3 });
    expect(await backfills.remaining(job)).toEqual({ within: 0, beyond: 0 });
    expect(await backfills.head(job.ledger)).toMatchObject({ sweep: 2, progress: { cut: true } });
    expect(await backfills.end(job.ledger, 'complete', {})).toBe(true);
  });
});

describe('looking first', () => {
  it('refuses what cannot be changed', async () => {
    await fill(1);
    await db.createCollection('view', { viewOn: 'things', pipeline: [] });
    await db.createCollection('capped', { capped: true, size: 4096 });
    await db.createCollection('series', { timeseries: { timeField: 't' } });
    for (const target of ['view', 'capped', 'series', 'none']) {
      await expect(backfills.inspect(jobOf({ target }))).rejects.toMatchObject({
        code: 'GODWIT_BACKFILL_INVALID',
      });
    }
    const change = { type: 'set', set: [{ $sett: { n: 1 } }] } as const;
    await expect(backfills.inspect(jobOf({ change }))).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_INVALID',
    });
    expect(await backfills.list()).toEqual([]);
    expect(await db.listCollections({ name: /^godwit_/ }).toArray()).toEqual([]);
  });

  it('shows what rows would become and writes nothing', async () => {
    await fill(3);
    for (const set of [[{ $set: { n: { $add: ['$n', 1] } } }], { $inc: { n: 1 } }]) {
      const found = await backfills.sample(jobOf({ change: { type: 'set', set } }), 2);
      expect(found.map(({ before, after }) => [before.row['n'], after?.['n']])).toEqual([
        [0, 1],
        [1, 2],
      ]);
    }
    const [row] = await backfills.sample(jobOf({ ...TRANSFORM, fields: ['n'] }), 1);
    expect(Object.keys(row?.before.row ?? {})).toEqual(['_id', 'n']);
    expect(await wrong(0)).toBe(0);
  });

  it('reads the health of the server', async () => {
    const health = await backfills.health(jobOf());
    expect(health).toMatchObject({ lagMs: 0, waiting: expect.any(Number), flowControlled: false });
    expect(health.dirty).toBeLessThan(1);
  });

  it('tells faults apart', async () => {
    await db.createCollection('things', { validator: { n: { $lt: 5 } } });
    await things().insertMany([{ n: 4, i: 4 }]);
    const job = jobOf();
    await backfills.begin(job, RESUME);
    const chunk = (await backfills.claim(job, 'w', 10)) as Chunk;
    const thrown = await backfills.apply(job, chunk, 'w').catch((error: unknown) => error);
    expect(backfills.classify(thrown)).toMatchObject({
      kind: 'row',
      error: { code: 'GODWIT_BACKFILL_FAILED' },
    });
    const ended = Object.assign(new Error('operation was interrupted'), { code: 11601 });
    expect(backfills.classify(ended).kind).toBe('transient');
  });
});

describe('undoing', () => {
  it('cuts nothing behind the bar that it puts up', async () => {
    await fill(10);
    const job = jobOf({ touched: true });
    const { generation } = await backfills.begin(job, RESUME);
    const bar = { ledger: job.ledger, generation, sweep: 1, n: 1, state: 'void', attempts: 0 };
    const chunks = db.collection<{ _id: string }>('godwit_chunks');
    await chunks.insertOne({ _id: `${job.ledger}#${generation}#1`, ...bar });
    expect(await backfills.claim(job, 'late', 5)).toBeUndefined();
    expect(await chunks.countDocuments()).toBe(1);
  });

  it('restores what is as it was left, and reports the rest', async () => {
    await fill(30);
    const before = await things().find().toArray();
    const job = jobOf({ ...TRANSFORM, touched: true, fields: ['n'] });
    await backfills.begin(job, RESUME);
    const change = (row: Readonly<Record<string, unknown>>): RowChange =>
      row['n'] === 7 ? { type: 'delete' } : row['n'] === 8 ? { type: 'none' } : addOne(row);
    await runLoop(backfills, job, { transform: change, size: 10 });
    await things().updateOne({ i: 3 }, { $set: { text: 'mine' } });
    await things().deleteOne({ i: 4 });
    const options = { ...UNDO, batch: 7 };
    const undone = await backfills.undo(job, options);
    expect(undone).toMatchObject({ restored: 27, skipped: 2 });
    expect(undone.skippedKeys).toHaveLength(2);
    const after = await things().find().sort({ _id: 1 }).toArray();
    const touched = new Set([3, 4]);
    expect(after.filter(({ i }) => !touched.has(i as number))).toEqual(
      before.filter(({ i }) => !touched.has(i as number)),
    );
    expect(after.find(({ i }) => i === 3)).toMatchObject({ n: 4, text: 'mine' });
    expect(await backfills.undo(job, options)).toMatchObject({ restored: 0, skipped: 2 });
    expect(await backfills.end(job.ledger, 'undone', {})).toBe(true);
  });

  it('restores what the database computed, also twice', async () => {
    await fill(30);
    const before = await things().find().toArray();
    const job = jobOf({ touched: true });
    await applied(job, 10);
    await backfills.sweepAgain(job, 2);
    expect(await wrong()).toBe(0);
    const options = { ...UNDO, batch: 100 };
    expect(await backfills.undo(job, options)).toMatchObject({ restored: 30, skipped: 0 });
    expect(await things().find().toArray()).toEqual(before);
  });
});
