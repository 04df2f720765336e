import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { BSON, type Db, type Document, MongoClient } from 'mongodb';
import { MongoClient as Client5 } from 'mongodb5';
import { MongoClient as Client6 } from 'mongodb6';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../../src/app/options.ts';
import { createBackup } from '../../../src/drivers/mongodb/backup/create-backup.ts';
import { moduleOf } from '../../../src/drivers/mongodb/client-module.ts';
import { Topology } from '../../../src/drivers/mongodb/topology.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { bundledChild } from '../../support/bundles.ts';
import { rounds } from '../../support/rounds.ts';
import { backUp, everyType, everything, folder, QUIET } from './backup-kit.ts';
import { type Ctx, openTest } from './kit.ts';

let server: TestMongod;
let client: MongoClient;
let url: string;
let db: Db;
let place: Awaited<ReturnType<typeof folder>>;
beforeAll(async () => {
  server = await startMongod({ own: true });
  client = await new MongoClient(server.uri).connect();
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(async () => {
  url = server.databaseUrl();
  db = client.db(new URL(url).pathname.slice(1));
  place = await folder();
});
afterEach(() => place.remove());

const code = (name: string): unknown => expect.objectContaining({ code: name });

/** About 200 bytes each. */
async function insertMany(name: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 10_000) {
    const length = Math.min(10_000, count - from);
    const text = 'x'.repeat(150);
    await db.collection(name).insertMany(
      Array.from({ length }, (_, i) => ({ n: from + i, text })),
      { ordered: false },
    );
  }
}

describe('a backup of one moment', () => {
  it('has nothing of what others write meanwhile', async () => {
    await insertMany('a', 20_000);
    await insertMany('b', 100);
    await insertMany('c', 9000);
    const before = await everything(db);
    const driver = await openTest(url);
    const backups = await driver.backups?.({});
    let writing: Promise<unknown> | undefined;
    const data = await backups?.create({
      ...QUIET,
      folder: place.path,
      onProgress: ({ rows }) => {
        if (rows === 0 || writing) return;
        writing = Promise.all([
          db.collection('a').updateMany({}, { $inc: { n: 1 } }),
          db.collection('b').deleteMany({}),
          insertMany('c', 1000),
        ]);
      },
    });
    await writing;
    expect(data).toMatchObject({ consistency: 'snapshot', notes: [] });
    expect(await everything(db)).not.toEqual(before);
    const { manifestOf } = await import('./backup-kit.ts');
    const manifest = data && manifestOf(driver, data);
    if (manifest) await backups?.restore({ ...QUIET, folder: place.path, manifest });
    expect(await everything(db)).toEqual(before);
    await driver.close();
  });

  it('goes on collection by collection when the server has forgotten it', async () => {
    for (const name of ['a', 'b', 'c']) await insertMany(name, 10);
    const topology = new Topology();
    topology.watch(client);
    const create = (insist: boolean) =>
      createBackup(
        {
          ...{ client, db: askingLate(db, 'b'), topology, insist, url },
          driver: moduleOf(client, process.cwd()),
          prefix: 'godwit_',
          compression: 'none',
        },
        { ...QUIET, folder: place.path },
      );
    const data = await create(false);
    topology.unwatch();
    expect(data.contents.map(({ rows }) => rows)).toEqual([10, 10, 10]);
    expect(data.consistency).toBe('per-collection');
    expect(data.notes).toEqual([expect.stringMatching(/^b is of its own moment: ./)]);
    await expect(create(true)).rejects.toThrow(/of one moment.* b: /);
  });

  it('is insisted on, when the config does', async () => {
    await insertMany('a', 10);
    const driver = await openTest(url);
    const wanted = { consistency: 'snapshot' } as const;
    expect(await backUp(driver, place.path, undefined, wanted)).toMatchObject(wanted);
    await db.createCollection('log', { capped: true, size: 4096 });
    const failing = backUp(driver, place.path, undefined, wanted);
    await expect(failing).rejects.toEqual(code('GODWIT_BACKUP_FAILED'));
    await expect(failing).rejects.toThrow(/log.*capped/);
    await driver.close();
  });
});

/** Asks for one collection as of 1970: to the server the window is long past. */
function askingLate(db: Db, collection: string): Db {
  return new Proxy(db, {
    get(real, name) {
      const value = Reflect.get(real, name, real) as unknown;
      if (name !== 'command') return typeof value === 'function' ? value.bind(real) : value;
      return (command: Document, options: object) => {
        const late = command['find'] === collection && command['readConcern']?.atClusterTime;
        const at = new BSON.Timestamp({ t: 1, i: 1 });
        const readConcern = { level: 'snapshot', atClusterTime: at };
        return real.command(late ? { ...command, readConcern } : command, options);
      };
    },
  });
}

describe('through the drivers that a project may have', () => {
  it.each([
    ['5', Client5],
    ['6', Client6],
  ])('major %s', async (_major, Client) => {
    const plain = everyType();
    // What only the newest can write as it is: see decode-exactly.ts.
    await db
      .collection('types')
      .insertMany([plain, { '2': 1, b: 1, '1': { '9': 1, a: [{ z: 1, '0': 2 }] } }]);
    await insertMany('many', 9000);
    await db.createCollection('view', { viewOn: 'many', pipeline: [] });
    const before = await everything(db);
    const given = (await new Client(server.uri).connect()) as unknown as MongoClient;
    const driver = await openTest('', { client: wrap(given, db.databaseName) });
    const manifest = await backUp(driver, place.path);
    expect(manifest.consistency).toBe('snapshot');
    await db.dropDatabase();
    const backups = await driver.backups?.({});
    await backups?.restore({ ...QUIET, folder: place.path, manifest });
    expect(await everything(db)).toEqual(before);
    await driver.close();
    await given.close();
  });

  /** A client of its own has the name of its database in its URL. */
  const wrap = (given: MongoClient, name: string): unknown => ({
    getClient: () => given,
    name,
  });
});

describe('before a plan, and by command', () => {
  const open = (more: Partial<MigratorOptions> = {}) =>
    createMigrator({
      ...{ url, config: false, lockLeaseMs: 2000, backup: { dir: place.path } },
      migrations: [
        { id: '1_first', up: ({ db }: Ctx) => db.collection('a').insertOne({ first: true }) },
        {
          id: '2_second',
          up: async ({ db }: Ctx) => {
            await db.collection('a').updateMany({}, { $set: { half: true } });
            throw new Error('half done');
          },
        },
      ].slice(0, more.migrations ? 0 : 2) as never,
      ...more,
    });

  it('brings back what a failed plan left, history included', async () => {
    const migrator = open();
    await db.collection('a').insertOne({ before: true });
    const report = await migrator.up({ backup: true });
    expect(report.summary).toMatchObject({ applied: 1, failed: 1 });
    expect(report.backup).toMatchObject({
      driver: 'mongodb',
      consistency: 'snapshot',
      tool: 'godwit',
    });
    const { runs } = await migrator.history();
    expect(runs[0]).toMatchObject({ backup: report.backup?.id });
    expect((await migrator.backup.verify(undefined, { rehearse: true })).findings).toEqual([]);

    const restored = await migrator.backup.restore();
    expect(restored.backup.id).toBe(report.backup?.id);
    const documents = await db
      .collection('a')
      .find({}, { projection: { _id: 0 } })
      .toArray();
    expect(documents).toEqual([{ before: true }]);
    // It does not claim what the restore undid, and goes on from there.
    expect((await migrator.status()).summary).toMatchObject({ applied: 0, pending: 2, failed: 0 });
    expect((await migrator.up()).summary).toMatchObject({ applied: 1, failed: 1 });
    await migrator.close();
  });

  it('lists, restores a part, and prunes', async () => {
    const migrator = open({ migrations: [] });
    for (const name of ['a', 'a.b', 'c']) await insertMany(name, 10);
    const first = await migrator.backup.create({ reason: 'first' });
    expect(first.backup).toMatchObject({ reason: 'first', rows: 30, consistency: 'snapshot' });
    await db.collection('a').deleteMany({});
    await db.collection('c').deleteMany({});
    expect(await migrator.backup.restore(undefined, { only: ['a'] })).toMatchObject({ rows: 10 });
    expect(await db.collection('a').countDocuments()).toBe(10);
    expect(await db.collection('c').countDocuments()).toBe(0);
    await migrator.backup.create({ only: ['c'] });
    const listing = await migrator.backup.list();
    expect(listing.backups.map(({ only }) => only)).toEqual([null, ['c']]);
    // The newest of everything stays, until there is a newer one.
    expect(await migrator.backup.prune({ keep: { count: 1 } })).toMatchObject({ kept: 2 });
    await migrator.backup.create();
    expect(await migrator.backup.prune({ keep: { count: 1 } })).toMatchObject({ kept: 1 });
    expect((await migrator.backup.list()).backups).toMatchObject([{ only: null }]);
    const missing = migrator.backup.create({ only: ['nothing'] });
    await expect(missing).rejects.toEqual(code('GODWIT_COLLECTION_MISSING'));
    const stopped = migrator.backup.create({ signal: AbortSignal.abort() });
    await expect(stopped).rejects.toEqual(code('GODWIT_STOPPED'));
    await migrator.close();
  });

  it('leaves nothing that looks like a backup after kill -9, and no half-restored database', async () => {
    for (const name of ['a', 'b', 'c']) await insertMany(name, 9000);
    const migrator = open({ migrations: [] });
    for (let round = 0; round < rounds(1, 10); round++) {
      await run('create', { killAfter: 1 + round * 9000 });
      for (const { folder: path } of (await migrator.backup.list()).backups) {
        expect(await readdir(path)).toContain('manifest.json');
      }
    }
    const { backup } = await migrator.backup.create();
    expect(backup.rows).toBe(27_000 + (await db.collection('godwit_history').countDocuments()));
    expect((await readdir(place.path)).filter((name) => name.endsWith('.partial'))).toEqual([]);

    const copied = await everything(db);
    for (const name of ['a', 'b', 'c'])
      await db.collection(name).updateMany({}, { $set: { changed: true } });
    const before = await everything(db);
    for (let round = 0; round < rounds(1, 10); round++) {
      await run('restore', { killAfter: 1 + round * 9000 });
      // Each is what it was, or what it was at the backup: none is half of it.
      const after = await everything(db);
      for (const name of ['a', 'b', 'c'])
        expect([before[name], copied[name]]).toContainEqual(after[name]);
    }
    await migrator.backup.restore(backup.id);
    const names = (await db.listCollections().toArray()).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('godwit_restoring_'))).toEqual([]);
    expect(await db.collection('a').countDocuments({ changed: true })).toBe(0);
    await migrator.close();
  });

  it('needs little memory, however much there is', async () => {
    await insertMany('many', rounds(100_000, 1_000_000));
    for (const action of ['create', 'restore'] as const) {
      const done = await run(action, {});
      expect(done.overBase).toBeLessThan(128 * 1024 * 1024);
    }
  });

  /** In a process of its own, which is killed when so many rows were read or written. */
  async function run(
    action: 'create' | 'restore',
    { killAfter }: { readonly killAfter?: number },
  ): Promise<{ overBase: number }> {
    const file = bundledChild(new URL('./backup-child.ts', import.meta.url));
    const child = spawn(process.execPath, [file, action, url, place.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    let result = { overBase: -1 };
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line);
      if (event.event === 'done') result = event;
      if (killAfter !== undefined && event.rows >= killAfter) child.kill('SIGKILL');
    }
    await gone;
    if (killAfter === undefined) expect(result.overBase).toBeGreaterThanOrEqual(0);
    return result;
  }
});
