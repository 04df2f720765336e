import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../src/ports/driver.ts';
import type { Session } from '../../../src/ports/session.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import {
  acquireOptions,
  type Ctx,
  ended,
  header,
  job,
  MIGRATION_HISTORY,
  openTest,
} from './kit.ts';

describe.each([true, false])('runs outside a transaction (replica set: %s)', (replicaSet) => {
  let server: TestMongod;
  let driver: Driver;
  let session: Session;
  let outside: MongoClient;
  let folder: string;
  beforeAll(async () => {
    server = await startMongod({ replicaSet });
    outside = await new MongoClient(server.uri).connect();
    folder = await mkdtemp(join(tmpdir(), 'godwit ünïcode '));
  });
  afterAll(async () => {
    await outside.close();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    driver = await openTest(server.databaseUrl(), { root: folder });
    session = await driver.acquire(acquireOptions());
    return async () => driver.close();
  });
  const up = (step: (ctx: Ctx) => unknown, more: Parameters<typeof job>[2] = {}, version = '1') =>
    session.execute(job(header(version, session.fence), step, more));
  const db = () => outside.db(driver.target.database);

  it('lets work finish after the first Ctrl-C', async () => {
    const stop = new AbortController();
    const outcome = await up(
      async ({ db }) => {
        stop.abort();
        await db.collection('a').insertOne({ x: 1 });
      },
      { stop: stop.signal },
    );
    expect(outcome).toMatchObject({ status: 'applied', recorded: true });
  });

  it('stops at once after the second', async () => {
    const abort = new AbortController();
    let refused: unknown;
    let signal: AbortSignal | undefined;
    const outcome = await up(
      async (ctx) => {
        signal = ctx.signal;
        await ctx.db.collection('a').insertOne({ x: 1 });
        abort.abort();
        refused = await ctx.db
          .collection('a')
          .insertOne({ x: 2 })
          .catch((error: unknown) => error);
        await new Promise(() => {});
      },
      { abort: abort.signal },
    );
    expect(outcome).toMatchObject({
      status: 'stopped',
      effect: 'partial',
      recorded: true,
      error: { code: 'GODWIT_STOPPED' },
      counts: { a: { inserted: 1 } },
    });
    expect(refused).toMatchObject({ code: 'GODWIT_STOPPED' });
    expect(signal?.aborted).toBe(true);
    expect(await driver.history.versions()).toMatchObject([{ state: 'failed', effect: 'partial' }]);
  });

  it('waits for calls that nobody awaited, and refuses late ones', async () => {
    let late: unknown;
    const outcome = await up(({ db }) => {
      void db.collection('a').insertMany(Array.from({ length: 1000 }, (_, x) => ({ x })));
      setTimeout(() => {
        late = db
          .collection('a')
          .insertOne({ late: true })
          .catch((error: unknown) => error);
      }, 300);
    });
    expect(outcome.counts).toMatchObject({ a: { inserted: 1000 } });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await late).toMatchObject({ code: 'GODWIT_STOPPED' });
  });

  it.each(['cjs', 'mjs', 'ts'])('points at the line of the user’s %s', async (extension) => {
    const path = join(folder, `001 größe.${extension}`);
    const esm = extension !== 'cjs';
    await writeFile(
      path,
      `${esm ? 'export default' : 'module.exports ='} {\n  // a comment\n  up: async (db${extension === 'ts' ? ': any' : ''}) => {\n    await db.collection('a').insertOne({ _id: 1 });\n    await db.collection('a').insertOne({ _id: 1 });\n  },\n};\n`,
    );
    const module =
      extension === 'ts'
        ? await createJiti(folder).import(path, { default: true })
        : extension === 'mjs'
          ? (await import(/* @vite-ignore */ pathToFileURL(path).href)).default
          : createRequire(join(folder, 'x.js'))(path);
    for (const transaction of replicaSet ? (['auto', 'always'] as const) : (['auto'] as const)) {
      await db().collection('a').deleteMany({});
      const outcome = await up(({ db }) => (module as { up(db: unknown): unknown }).up(db), {
        path,
        transaction,
      });
      expect(outcome.error).toMatchObject({
        code: 'GODWIT_MIGRATION_FAILED',
        where: { file: `001 größe.${extension}`, line: 5 },
      });
    }
  });

  it('records what up returned, whatever that is', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const values = [undefined, 5, { $set: 1, 'a.b': [1n] }, 'x'.repeat(100_000), cycle, () => 1];
    for (const [index, value] of values.entries()) {
      expect((await up(() => value, {}, String(index + 1))).status).toBe('applied');
    }
    const results = (await driver.history.events())
      .filter((e) => e.event === 'ended')
      .map((e) => 'result' in e && e.result);
    expect(results[2]).toEqual({ _$set: 1, 'a.b': ['1'] });
    expect(results[3]).toMatchObject({ truncated: true });
    expect(results[5]).toBe(false);
  });

  describe('mirrors', () => {
    const mirrors = [MIGRATION_HISTORY];
    const mirrored = () =>
      db().collection('migrationHistory').find().sort({ version: 1 }).toArray();

    it('follows a mirror that a migration creates and its way back drops', async () => {
      await up(() => {}, { mirrors }, '1');
      expect(await db().listCollections({ name: 'migrationHistory' }).toArray()).toEqual([]);
      const create = async ({ db }: Ctx) => {
        await db.createCollection('migrationHistory');
        await db.collection('migrationHistory').createIndex({ version: 1 }, { unique: true });
      };
      await up(create, { mirrors }, '2');
      await up(() => {}, { mirrors }, '3');
      expect(await mirrored()).toMatchObject(
        [1, 2, 3].map((version) => ({ version, status: 'applied' })),
      );
      expect((await mirrored()).every(({ appliedAt }) => appliedAt instanceof Date)).toBe(true);
      expect((await driver.readMirror(MIGRATION_HISTORY)).map(({ key }) => key)).toEqual([
        '1',
        '2',
        '3',
      ]);
      const down = (version: string, step: (ctx: Ctx) => unknown) =>
        session.execute(
          job(header(version, session.fence, { direction: 'down' }), step, { mirrors }),
        );
      await down('3', () => {});
      expect((await mirrored()).map(({ version }) => version)).toEqual([1, 2]);
      expect((await down('2', ({ db }) => db.collection('migrationHistory').drop())).status).toBe(
        'reverted',
      );
      expect(await db().listCollections({ name: 'migrationHistory' }).toArray()).toEqual([]);
      await up(create, { mirrors }, '2');
      expect((await mirrored()).map(({ version }) => version)).toEqual([1, 2]);
    });

    it('takes hand-made records as applied, and imports keep their date', async () => {
      const appliedAt = new Date('2020-01-01');
      await db()
        .collection('migrationHistory')
        .insertMany([
          { version: 5, appliedAt },
          { version: 6, status: 'failed' },
        ]);
      expect(await driver.readMirror(MIGRATION_HISTORY)).toEqual([
        { key: '5', appliedAt },
        { key: '6', status: 'failed' },
      ]);
      await session.append([ended(header('5', session.fence), { via: 'import' })], mirrors);
      expect(await mirrored()).toMatchObject([
        { version: 5, appliedAt },
        { version: 6, status: 'failed' },
      ]);
      await up(() => {}, { mirrors }, '6');
      expect((await mirrored())[1]).toMatchObject({ version: 6, status: 'applied' });
    });

    it('creates one that is always kept', async () => {
      const always = {
        ...MIGRATION_HISTORY,
        name: 'migrations',
        create: 'always' as const,
        shape: { key: { field: 'name', value: 'id' as const }, result: 'result' },
      };
      for (const [index, transaction] of (replicaSet
        ? (['auto', 'always'] as const)
        : (['auto'] as const)
      ).entries()) {
        await up(() => 7, { mirrors: [always], transaction }, String(index + 1));
      }
      const found = await db().collection('migrations').find().toArray();
      expect(found[0]).toMatchObject({ name: '001_m', result: 7 });
      expect(found).toHaveLength(replicaSet ? 2 : 1);
    });
  });
});
