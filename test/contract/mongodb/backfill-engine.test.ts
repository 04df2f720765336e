import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawEach } from '../../../src/core/backfill/draw.ts';
import { resolveBackfill } from '../../../src/core/backfill/resolve.ts';
import { type BackfillResult, runBackfill } from '../../../src/core/backfill/run-backfill.ts';
import type { BackfillSpec } from '../../../src/ports/backfill-spec.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { realTimers } from '../../../src/worker/timers.ts';
import { ACTOR, openTest } from './kit.ts';

let server: TestMongod;
beforeAll(async () => {
  server = await startMongod();
});
afterAll(async () => {
  await server.stop();
});

async function withThings(use: (db: Db, url: string) => Promise<void>): Promise<void> {
  const url = server.databaseUrl();
  const client = await new MongoClient(url).connect();
  const things = Array.from({ length: 5000 }, (_, i) => ({ n: i, i, text: `t${i}` }));
  await client.db().collection('things').insertMany(things);
  try {
    await use(client.db(), url);
  } finally {
    await client.close();
  }
}

async function run(url: string, more: BackfillSpec): Promise<BackfillResult> {
  const driver = await openTest(url);
  const backfills = await driver.backfills?.({ connections: 4 });
  if (!backfills) throw new Error('no backfills');
  const spec = { collection: 'things', name: 'test', ...more };
  const resolved = resolveBackfill(spec, { ledger: 'backfill:test', name: 'test', sql: false });
  const { signal } = new AbortController();
  try {
    return await runBackfill({
      ...resolved,
      backfills,
      ...(typeof spec.transform === 'function' && { draw: drawEach(spec.transform, realTimers) }),
      worker: { id: `w${Math.random()}`, by: ACTOR },
      timers: realTimers,
      emit: () => {},
      stop: signal,
      abort: signal,
      begin: { mode: 'resume', acceptDefinition: true },
    });
  } finally {
    await backfills.close();
    await driver.close();
  }
}

const wrong = (db: Db): Promise<number> =>
  db.collection('things').countDocuments({ $expr: { $ne: ['$n', { $add: ['$i', 1] }] } });

describe('the engine on MongoDB', () => {
  it.each([
    { set: [{ $set: { n: { $add: ['$n', 1] } } }] },
    { set: { $inc: { n: 1 } } },
    { transform: (row: { n: number }) => ({ n: row.n + 1 }) },
    { transform: (row: { n: number }) => ({ n: row.n + 1 }), fields: ['n'], backup: 'touched' },
  ] as const)('%j', async (spec) => {
    await withThings(async (db, url) => {
      const { summary, ended } = await run(url, spec);
      expect(summary).toMatchObject({ state: 'complete', changed: 5000, poisoned: 0 });
      expect(ended).toBe(true);
      expect(await wrong(db)).toBe(0);
      expect((await run(url, spec)).ran).toBe(false);
    });
  });

  it('sets aside the rows that the server refuses, and does them when it may', async () => {
    await withThings(async (db, url) => {
      await db.command({ collMod: 'things', validator: { n: { $nin: [1001, 4001] } } });
      const spec = { set: { $inc: { n: 1 } }, onError: 'skip-and-record' } as const;
      const { summary } = await run(url, spec);
      expect(summary).toMatchObject({ state: 'complete', changed: 4998, poisoned: 2 });
      expect(await wrong(db)).toBe(2);
    });
  });

  it('stops at a row for which the transform fails, and goes on when it is mended', async () => {
    await withThings(async (db, url) => {
      const failing = (row: { n: number }): object => {
        if (row.n === 2500) throw new Error('no');
        return { n: row.n + 1 };
      };
      const first = await run(url, { transform: failing });
      expect(first.summary.state).toBe('failed');
      const second = await run(url, { transform: (row) => ({ n: row.n + 1 }) });
      expect(second.summary).toMatchObject({ state: 'complete', poisoned: 0 });
      expect(await wrong(db)).toBe(0);
    });
  });
});
