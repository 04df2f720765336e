import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publishBackfills, workOnBackfills } from '../../../src/distribution/index.ts';
import { createMigrator, type Migrator } from '../../../src/index.ts';
import type { BackfillSpec } from '../../../src/ports/backfill-spec.ts';
import { startRedis, type TestRedis } from '../../../src/testing/redis.ts';
import { type BackfillDatabase, mongodb, postgres } from '../../contract/backfill-databases.ts';

const ROWS = 400;

describe.each([
  ['mongodb', mongodb, 'bullmq'],
  ['postgres', postgres, 'bullmq5'],
] as const)('a queue that delivers twice, on %s (%s)', (_, start, bullmq) => {
  let database: BackfillDatabase;
  let redis: TestRedis;
  let root: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([start(), startRedis()]);
    root = await mkdtemp(join(tmpdir(), 'godwit-queue-'));
    await mkdir(join(root, 'node_modules'));
    await writeFile(join(root, 'package.json'), '{}');
    const from = join(process.cwd(), 'node_modules', bullmq);
    await symlink(from, join(root, 'node_modules', 'bullmq'));
  });
  afterAll(async () => {
    await redis?.stop();
    await database?.stop();
    await rm(root, { recursive: true, force: true });
  });

  const connection = () => ({ host: '127.0.0.1', port: Number(new URL(redis.url).port) });
  /** @param gate awaited before each row */
  const spec = (gate: Promise<void>): BackfillSpec =>
    ({
      ...database.target,
      name: 'people',
      chunk: 20,
      transform: async ({ n, phone }: { n: number; phone: string }) => {
        await gate;
        return { n: n + 1, phone: `${phone}!` };
      },
    }) as BackfillSpec;
  const use = (url: string, gate = Promise.resolve()): Migrator =>
    createMigrator({ url, root, config: false, backfills: [spec(gate)] });
  const times = async (url: string): Promise<number[]> =>
    (await database.rows(url)).map(({ phone }) => phone.split('!').length - 1);

  /** One worker does the job and dies before it can say so; the next is given it again. */
  async function deliverTwice(work: () => Promise<unknown>): Promise<number> {
    const { Queue, Worker } = (await import(bullmq)) as typeof import('bullmq');
    const queue = new Queue('naive', { connection: connection() });
    let delivered = 0;
    let settled = (): void => {};
    const secondDone = new Promise<void>((resolve) => {
      settled = resolve;
    });
    let firstDone = (): void => {};
    const first = new Promise<void>((resolve) => {
      firstDone = resolve;
    });
    const open = (then: () => Promise<void>) =>
      new Worker(
        'naive',
        async () => {
          delivered++;
          await work();
          await then();
        },
        { connection: connection(), lockDuration: 500, stalledInterval: 250, maxStalledCount: 5 },
      );
    const dies = open(async () => {
      firstDone();
      await new Promise(() => {});
    });
    dies.on('error', () => {});
    await queue.add('all', {});
    await first;
    await dies.close(true);
    const lives = open(async () => settled());
    lives.on('error', () => {});
    await secondDone;
    await lives.close();
    await queue.obliterate({ force: true });
    await queue.close();
    return delivered;
  }

  it('does rows twice where the job is the work', async () => {
    const url = await database.create(20);
    const delivered = await deliverTwice(async () => {
      for (const { id, phone } of await database.rows(url)) {
        await database.setPhone(url, id, `${phone}!`);
      }
    });
    expect(delivered).toBe(2);
    expect(new Set(await times(url))).toEqual(new Set([2]));
  });

  it('does each row once where the ledger is the truth', async () => {
    const url = await database.create(ROWS);
    const migrator = use(url);
    const begun = new AbortController();
    const off = migrator.on(({ type }) => {
      if (type === 'backfill.started') begun.abort();
    });
    await migrator.backfill.run('people', { signal: begun.signal });
    off();
    const delivered = await deliverTwice(() => migrator.backfill.drain('people', { chunks: 15 }));
    expect(delivered).toBe(2);
    await migrator.backfill.run('people');
    await migrator.close();
    expect(new Set(await times(url))).toEqual(new Set([1]));
  });

  it('forgets rows where the queue is the truth and its Redis is killed', async () => {
    const url = await database.create(20);
    const { Queue, Worker } = (await import(bullmq)) as typeof import('bullmq');
    const open = async () => {
      const queue = new Queue('naive', { connection: connection() });
      queue.on('error', () => {});
      await queue.waitUntilReady();
      return queue;
    };
    const queue = await open();
    const rows = await database.rows(url);
    await queue.addBulk([rows.slice(0, 10), rows.slice(10)].map((data) => ({ name: 'h', data })));
    const worker = new Worker(
      'naive',
      async ({ data }) => {
        for (const { id, phone } of data as typeof rows) {
          await database.setPhone(url, id, `${phone}!`);
        }
        await redis.kill();
      },
      { connection: connection() },
    );
    worker.on('error', () => {});
    await new Promise<void>((resolve) => worker.once('ioredis:close', resolve));
    // Their connections would be tried for ever, were they closed while there is no Redis.
    await redis.restart();
    await Promise.all([worker.close(true), queue.close()]);
    const after = await open();
    expect(await after.getJobCounts()).toMatchObject({ waiting: 0, active: 0, delayed: 0 });
    await after.close();
    expect((await times(url)).sort()).toEqual([...Array(10).fill(0), ...Array(10).fill(1)]);
  });

  it('forgets nothing where the ledger is the truth and the Redis is killed', async () => {
    const url = await database.create(ROWS);
    let killed: Promise<void> | undefined;
    const migrator = use(url);
    const publishing = await publishBackfills(migrator, { redis: redis.url });
    migrator.on(({ type }) => {
      if (type === 'backfill.progress') killed ??= redis.kill();
    });
    await migrator.backfill.run('people');
    await killed;
    await publishing.close();
    await migrator.close();
    await redis.restart();
    expect(killed).toBeDefined();
    expect(new Set(await times(url))).toEqual(new Set([1]));
  });

  it('is shared by one that runs and one that works for it', async () => {
    const url = await database.create(ROWS * 5);
    const works = use(url);
    // Whoever runs it does nothing before the worker has done something.
    const joined = new Promise<void>((resolve) => {
      works.on(({ type }) => {
        if (type === 'backfill.progress') resolve();
      });
    });
    const runs = use(url, joined);
    const stop = new AbortController();
    let ready = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const options = { redis: redis.url, signal: stop.signal, onReady: () => ready() };
    const working = workOnBackfills(works, options);
    await waiting;
    const publishing = await publishBackfills(runs, { redis: redis.url });
    await runs.backfill.run('people');
    await publishing.close();
    stop.abort();
    const { jobs } = await working;
    await Promise.all([runs.close(), works.close()]);
    expect(jobs).toBeGreaterThan(0);
    expect(new Set(await times(url))).toEqual(new Set([1]));
  });
});
