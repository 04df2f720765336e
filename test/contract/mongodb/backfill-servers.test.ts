import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, MongoClient, MongoError } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backfills } from '../../../src/ports/backfill.ts';
import type { Chunk } from '../../../src/ports/backfill-job.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { among, rounds, SOAK } from '../../support/rounds.ts';
import { Worker } from '../backfill-workers.ts';
import { phoneOf } from './backfill-jobs.ts';
import { addOne, jobOf, openBackfillsAt, RESUME, runLoop, UNDO } from './backfill-kit.ts';
import { openTest } from './kit.ts';

const WRONG = { $expr: { $ne: ['$n', { $add: ['$i', 1] }] } };

async function withRows<T>(url: string, rows: number, use: (db: Db) => Promise<T>): Promise<T> {
  const client = await new MongoClient(url).connect();
  try {
    const things = Array.from({ length: rows }, (_, i) => ({ n: i, i, phone: phoneOf(i) }));
    await client
      .db()
      .collection('things')
      .insertMany(things, { writeConcern: { w: 'majority' } });
    return await use(client.db());
  } finally {
    await client.close();
  }
}

/** Asks for another primary each time. @returns how many elections there were */
async function stepDown(db: Db, times: number): Promise<number> {
  const admin = db.client.db('admin');
  const term = async (): Promise<number> =>
    Number((await admin.command({ replSetGetStatus: 1 }))['term']);
  const first = await term();
  for (let time = 0; time < times; time++) {
    await sleep(100 + Math.random() * 300);
    const command = { replSetStepDown: 4, secondaryCatchUpPeriodSecs: 2, force: true };
    await admin.command(command).catch(() => {});
  }
  return (await term()) - first;
}

describe('a primary that steps down in mid-backfill', () => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod({ members: 3 });
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each(among<'set' | 'transform'>(['set', 'transform'], () => ['set']))(
    'changes each row once (%s)',
    async (type) => {
      for (let round = 0; round < rounds(1, 20); round++) {
        const url = server.databaseUrl();
        await withRows(url, 4000, async (db) => {
          const job = jobOf(type === 'set' ? {} : { change: { type } });
          const backfills = await openBackfillsAt(url);
          await backfills.begin(job, RESUME);
          let chunks = 0;
          const running = runLoop(backfills, job, {
            size: 20,
            transform: addOne,
            onChunk: async () => {
              if (++chunks % 40 === 0) await sleep(20);
            },
          });
          const elections = stepDown(db, 2);
          await running;
          expect(await elections).toBeGreaterThan(0);
          expect(await db.collection('things').countDocuments(WRONG)).toBe(0);
          expect(await backfills.head(job.ledger)).toMatchObject({
            state: 'complete',
            progress: { changed: 4000 },
          });
          await backfills.close();
        });
      }
    },
  );

  it.each(among(['transform', 'whole'], ([, whole = '']) => [whole]))(
    'two processes change each row once, where twice would be wrong (%s)',
    async (mode) => {
      for (let round = 0; round < rounds(1, 20); round++) {
        const url = server.databaseUrl();
        await withRows(url, 6000, async (db) => {
          const work = { database: 'mongodb', mode, url } as const;
          const workers = [new Worker(work), new Worker(work)];
          await Promise.all(workers.map(({ begun }) => begun));
          expect(workers.map(({ complete }) => complete)).toEqual([false, false]);
          expect(await stepDown(db, 2)).toBeGreaterThan(0);
          await Promise.all(workers.map((worker) => worker.finish()));
          expect(await db.collection('things').countDocuments(WRONG)).toBe(0);
          const rows = await db.collection('things').find().toArray();
          const phoneAfter = (i: number): string => `+1${phoneOf(i).replace(/\D/g, '')}`;
          expect(rows.filter(({ i, phone }) => phone !== phoneAfter(i))).toEqual([]);
          const backfills = await openBackfillsAt(url);
          expect(await backfills.head(mode)).toMatchObject({
            state: 'complete',
            progress: { changed: 6000, poisoned: 0 },
          });
          await backfills.close();
        });
      }
    },
  );

  it.runIf(SOAK)('would change rows twice with what people write instead', async () => {
    let doubled = 0;
    for (let attempt = 0; attempt < 5 && doubled === 0; attempt++) {
      const url = server.databaseUrl();
      await withRows(url, 20_000, async (db) => {
        const worker = new Worker({ database: 'mongodb', mode: 'naive', url });
        await worker.begun;
        await stepDown(db, 2);
        await worker.finish();
        doubled = await db.collection('things').countDocuments(WRONG);
      });
    }
    expect(doubled).toBeGreaterThan(0);
  });

  it('a ledger that is begun meanwhile has its indexes, whoever is primary then', async () => {
    const end = new AbortController();
    let begun = 0;
    const beginning = async (): Promise<void> => {
      // A slow machine may have begun none by then.
      while (!end.signal.aborted || begun === 0) {
        const url = server.databaseUrl();
        const rows = withRows(url, 10, async (db) => {
          const backfills = await openBackfillsAt(url);
          const head = await backfills.begin(jobOf(), RESUME).catch(() => undefined);
          await backfills.close();
          if (head === undefined) return;
          begun++;
          const indexes = await db.collection('godwit_chunks').indexes();
          expect(indexes.map(({ name }) => name).sort()).toEqual(['_id_', 'open', 'progress']);
        });
        await rows.catch((error: unknown) => {
          // Filling it may fail while there is no primary.
          if (!(error instanceof MongoError)) throw error;
        });
      }
    };
    const lanes = Promise.all([beginning(), beginning(), beginning()]);
    await withRows(server.databaseUrl(), 1, (db) => stepDown(db, rounds(2, 30)));
    end.abort();
    await lanes;
    expect(begun).toBeGreaterThan(0);
  });
});

describe('an election just as a backfill begins', () => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod({ own: true, parameters: { enableTestCommands: '1' } });
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each(['createIndexes', 'update', 'find'])('is waited for (%s)', async (command) => {
    const url = server.databaseUrl();
    await withRows(url, 50, async (db) => {
      const backfills = await openBackfillsAt(url);
      const data = { failCommands: [command], errorCode: 11602 };
      const admin = db.client.db('admin');
      // The client by itself tries once more what it may.
      await admin.command({ configureFailPoint: 'failCommand', mode: { times: 3 }, data });
      const job = jobOf();
      expect(await backfills.begin(job, RESUME)).toMatchObject({ state: 'running', total: 50 });
      await runLoop(backfills, job);
      expect(await db.collection('things').countDocuments(WRONG)).toBe(0);
      await backfills.close();
    });
  });

  it('is not waited for where no server is found', async () => {
    const alone = await startMongod({ own: true });
    const backfills = await openBackfillsAt(alone.databaseUrl());
    await alone.stop();
    await expect(backfills.begin(jobOf(), RESUME)).rejects.toMatchObject({
      code: 'GODWIT_CONNECTION_LOST',
    });
    await backfills.close();
  });
});

describe('a standalone', () => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod({ replicaSet: false });
  });
  afterAll(async () => {
    await server.stop();
  });

  it('works, and says that its guarantee is weaker', async () => {
    const url = server.databaseUrl();
    await withRows(url, 500, async (db) => {
      const backfills = await openBackfillsAt(url);
      const job = jobOf({ ledger: 'set', touched: true });
      const inspection = await backfills.inspect(job);
      expect(inspection.guarantee).toBe('at-least-once');
      expect(inspection.notes.join()).toContain('standalone');
      await backfills.begin(job, RESUME);
      await runLoop(backfills, job);
      expect(await db.collection('things').countDocuments(WRONG)).toBe(0);
      const options = { ...UNDO, batch: 100 };
      expect(await backfills.undo(job, options)).toMatchObject({ restored: 500 });
      const transform = jobOf({ ledger: 'transform', change: { type: 'transform' } });
      await backfills.begin(transform, RESUME);
      await runLoop(backfills, transform);
      expect(await db.collection('things').countDocuments(WRONG)).toBe(0);
      await backfills.close();
    });
  });

  it('never overwrites a row that changed since it was read', async () => {
    const url = server.databaseUrl();
    await withRows(url, 50, async (db) => {
      const things = db.collection('things');
      for (const [ledger, fields] of [['whole'], ['some', ['n']]] as const) {
        const backfills = await openBackfillsAt(url);
        const job = jobOf({ ledger, change: { type: 'transform' }, ...(fields && { fields }) });
        await things.updateMany({}, [{ $set: { n: '$i' } }]);
        await backfills.begin(job, RESUME);
        const chunk = (await backfills.claim(job, 'w', 100)) as Chunk;
        const { rows } = await backfills.read(job, chunk);
        await things.updateMany({ i: { $lt: 7 } }, { $set: { n: -1 } });
        const changes = rows.map(({ row }) => addOne(row));
        const result = await backfills.apply(job, chunk, 'w', { rows, changes });
        expect(result).toMatchObject({ changed: 43, conflicts: 7 });
        expect(await things.countDocuments({ i: { $lt: 7 }, n: -1 })).toBe(7);
        await runLoop(backfills, job, { worker: 'w', lanes: 1 });
        expect(await things.countDocuments({ i: { $lt: 7 }, n: 0 })).toBe(7);
        await backfills.close();
      }
    });
  });
});

describe("the program's own client", () => {
  it('is used, and stays open', async () => {
    const server = await startMongod();
    const url = server.databaseUrl();
    try {
      await withRows(url, 100, async (db) => {
        for (const { MongoClient: Client } of [await import('mongodb6'), await import('mongodb')]) {
          const client = await new Client(url).connect();
          const driver = await openTest('', { client });
          const backfills = (await driver.backfills?.({ connections: 2 })) as Backfills;
          const job = jobOf({ ledger: Client.name, change: { type: 'transform' }, touched: true });
          await backfills.begin(job, { ...RESUME, mode: 'again' });
          await runLoop(backfills, job);
          await backfills.close();
          await driver.close();
          expect(await client.db().collection('things').countDocuments()).toBe(100);
          await client.close();
        }
        const twice = { $expr: { $eq: ['$n', { $add: ['$i', 2] }] } };
        expect(await db.collection('things').countDocuments(twice)).toBe(100);
      });
    } finally {
      await server.stop();
    }
  });
});

describe('older drivers', () => {
  let server: TestMongod;
  let root: string;
  beforeAll(async () => {
    server = await startMongod();
    root = await mkdtemp(join(tmpdir(), 'godwit-drivers-'));
  });
  afterAll(async () => {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });

  it.each(['mongodb5', 'mongodb6'])('%s', async (name) => {
    const project = join(root, name);
    await mkdir(join(project, 'node_modules'), { recursive: true });
    await writeFile(join(project, 'package.json'), '{}');
    await symlink(
      join(process.cwd(), 'node_modules', name),
      join(project, 'node_modules', 'mongodb'),
    );
    const url = server.databaseUrl();
    await withRows(url, 300, async (db) => {
      const backfills = await openBackfillsAt(url, project);
      expect(backfills.bson).toContain(name);
      const job = jobOf({ change: { type: 'transform' }, touched: true });
      await backfills.begin(job, RESUME);
      await runLoop(backfills, job);
      expect(await db.collection('things').countDocuments(WRONG)).toBe(0);
      const options = { ...UNDO, batch: 100 };
      expect(await backfills.undo(job, options)).toMatchObject({ restored: 300, skipped: 0 });
      expect(await db.collection('things').countDocuments(WRONG)).toBe(300);
      await backfills.close();
    });
  });
});
