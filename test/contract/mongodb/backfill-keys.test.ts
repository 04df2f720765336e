import fc from 'fast-check';
import { Decimal128, Double, Long, MongoClient, ObjectId } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { rounds } from '../../support/rounds.ts';
import { jobOf, openBackfillsAt, RESUME, runLoop } from './backfill-kit.ts';

let server: TestMongod;
beforeAll(async () => {
  server = await startMongod();
});
afterAll(async () => {
  await server.stop();
});

const value = fc.oneof(
  fc.constantFrom(null, undefined, Number.NaN, '', true, false, new Date(0), new ObjectId()),
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -3, max: 3 }).map((n) => new Double(n + 0.5)),
  fc.integer({ min: -3, max: 3 }).map((n) => Long.fromString('9007199254740993').add(n)),
  fc.integer({ min: -30, max: 30 }).map((n) => Decimal128.fromString(`${n / 10}0`)),
  fc.string({ maxLength: 2 }).filter((text) => !text.includes('\0')),
  fc.record({ a: fc.integer({ min: 0, max: 3 }), b: fc.string({ maxLength: 1 }) }),
);

describe('any keys, cut anywhere', () => {
  it('are each in one chunk', async () => {
    const url = server.databaseUrl();
    const client = await new MongoClient(url).connect();
    const backfills = await openBackfillsAt(url);
    const things = client.db().collection('things');
    await things.createIndex({ a: 1, b: 1 }, { unique: true });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('ascending' as const, 'descending' as const),
        fc.boolean(),
        async (keys, size, order, transforms) => {
          await things.deleteMany({});
          const rows = keys.map((key, i) => ({ ...key, n: i, i }));
          // Keys that are the same for the index are refused, and stay away.
          await things.insertMany(rows, { ordered: false, ignoreUndefined: true }).catch(() => {});
          const change = { type: 'transform' } as const;
          const ledger = `run${count++}`;
          const job = jobOf({ ledger, key: ['a', 'b'], order, ...(transforms && { change }) });
          await backfills.begin(job, RESUME);
          await runLoop(backfills, job, { size, lanes: 1 });
          const wrong = await things
            .find({ $expr: { $ne: ['$n', { $add: ['$i', 1] }] } })
            .toArray();
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: rounds(25, 500) },
    );
    await backfills.close();
    await client.close();
  });
});

describe('a change of the key itself', () => {
  it('is refused: the row would be met again, or never', async () => {
    const url = server.databaseUrl();
    const client = await new MongoClient(url).connect();
    const things = client.db().collection('things');
    await things.insertMany([
      { n: 1, to: 1 },
      { n: 2, to: 20 },
      { n: 3, to: 3 },
    ]);
    await things.createIndex({ n: 1 }, { unique: true });
    const backfills = await openBackfillsAt(url);
    const sets = [
      ...[{ $inc: { n: 10 } }, [{ $set: { n: '$to' } }], [{ $unset: 'n' }]],
      // Whole documents: whether the key is what it was is not to be seen.
      ...[[{ $replaceWith: { n: '$to' } }], [{ $replaceRoot: { newRoot: '$$ROOT' } }]],
      ...[[{ $project: { to: 1 } }], [{ $project: { n: '$to' } }], [{ $project: { n: 0 } }]],
    ];
    for (const set of sets) {
      const job = jobOf({ key: ['n'], change: { type: 'set', set } });
      await expect(backfills.begin(job, RESUME)).rejects.toMatchObject({
        code: 'GODWIT_BACKFILL_INVALID',
        message: expect.stringContaining('n changed by `set`'),
      });
    }
    for (const set of [[{ $project: { n: 1, to: 1 } }], [{ $project: { gone: 0 } }]]) {
      const fine = jobOf({ key: ['n'], change: { type: 'set', set } });
      expect(await backfills.inspect(fine)).toMatchObject({ key: ['n'] });
    }
    const job = jobOf({ key: ['n'], change: { type: 'transform' } });
    await backfills.begin(job, RESUME);
    const transform = ({ to }: Readonly<Record<string, unknown>>) =>
      ({ type: 'set', values: { n: to, done: true } }) as const;
    await runLoop(backfills, job, { transform });
    expect(await backfills.poisoned(job.ledger, 10)).toMatchObject([
      { key: [{ $numberInt: '2' }], error: { code: 'GODWIT_BACKFILL_INVALID' } },
    ]);
    const rows = await things
      .find({}, { projection: { _id: 0 } })
      .sort({ n: 1 })
      .toArray();
    expect(rows).toEqual([
      { n: 1, to: 1, done: true },
      { n: 2, to: 20 },
      { n: 3, to: 3, done: true },
    ]);
    await backfills.close();
    await client.close();
  });
});
