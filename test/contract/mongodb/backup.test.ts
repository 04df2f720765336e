import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BSON, type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../../src/ports/driver.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { fillEveryKind } from './backup-fill.ts';
import { backUp, everything, folder, QUIET } from './backup-kit.ts';
import { acquireOptions, openTest } from './kit.ts';

describe.each([true, false])('backups of MongoDB (replica set: %s)', (replicaSet) => {
  let server: TestMongod;
  let client: MongoClient;
  let db: Db;
  let driver: Driver;
  let place: Awaited<ReturnType<typeof folder>>;
  beforeAll(async () => {
    server = await startMongod({ replicaSet });
    client = await new MongoClient(server.uri).connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  beforeEach(async () => {
    const url = server.databaseUrl();
    driver = await openTest(url);
    db = client.db(driver.target.database);
    place = await folder();
  });
  afterEach(async () => {
    await driver.close();
    await place.remove();
  });

  async function restore(manifest: Awaited<ReturnType<typeof backUp>>, only?: readonly string[]) {
    const backups = await driver.backups?.({});
    return backups?.restore({ ...QUIET, folder: place.path, manifest, only });
  }

  const fill = (): Promise<void> => fillEveryKind(client, db);

  it('brings everything back as it was, byte for byte', async () => {
    await fill();
    const session = await driver.acquire(acquireOptions());
    const before = await everything(db);
    const manifest = await backUp(driver, place.path);
    expect(manifest.contents.find(({ name }) => name === 'types')).toMatchObject({ rows: 2 });
    expect(manifest.contents.map(({ name }) => name)).not.toContain('godwit_lock');
    expect(manifest.consistency).toBe('per-collection');
    expect(manifest.notes.join()).toMatch(
      replicaSet ? /^capped is of its own.*capped/ : /standalone/,
    );

    await db.collection('types').updateMany({}, { $set: { changed: true } });
    await db.collection('odd').drop();
    await db.collection('users').dropIndexes();
    await db.collection('empty').insertOne({});
    await db.collection('weather').drop();
    await db.collection('weather').insertOne({ now: 'a collection' });
    await db.collection('view').drop();
    await db.collection('later').insertOne({});
    await db.createCollection('later view', { viewOn: 'later', pipeline: [] });

    const report = await restore(manifest);
    expect(report?.contents).toEqual(manifest.contents);
    expect(await everything(db)).toEqual(before);
    await session.release();
  });

  it('rehearses in another database, and drops it', async () => {
    await fill();
    const manifest = await backUp(driver, place.path);
    await db.collection('types').drop();
    const before = await everything(db);
    const backups = await driver.backups?.({});
    const report = await backups?.rehearse({ ...QUIET, folder: place.path, manifest });
    expect(report?.contents).toEqual(manifest.contents);
    expect(await everything(db)).toEqual(before);
    const { databases } = await client.db('admin').command({ listDatabases: 1, nameOnly: true });
    expect(JSON.stringify(databases)).not.toMatch(/rehearsal/);
  });

  it('backs up and restores some collections, and leaves the others alone', async () => {
    await fill();
    const manifest = await backUp(driver, place.path, ['users', 'view', 'weather']);
    expect(manifest.contents.map(({ name }) => name)).toEqual(['users', 'view', 'weather']);
    const users = (await everything(db))['users'];
    await db.collection('users').deleteMany({});
    await db.collection('view').drop();
    await db.collection('types').deleteMany({});
    await restore(manifest, ['users']);
    const after = await everything(db);
    expect(after['users']).toEqual(users);
    expect(after['view']).toBeUndefined();
    expect(after['types']).toMatchObject({ documents: [] });
    expect(after['capped']).toBeDefined();
    await restore(manifest);
    expect(await everything(db)).toHaveProperty('view');
    expect(await everything(db)).toHaveProperty('capped');
    const code = (code: string): unknown => expect.objectContaining({ code });
    await expect(backUp(driver, place.path, ['none'])).rejects.toEqual(
      code('GODWIT_COLLECTION_MISSING'),
    );
    await expect(restore(manifest, ['types'])).rejects.toEqual(code('GODWIT_COLLECTION_MISSING'));
  });

  it('is laid out as mongodump does it, for other readers', async () => {
    await fill();
    const manifest = await backUp(driver, place.path);
    expect(await readdir(place.path)).toEqual([manifest.database]);
    const dump = join(place.path, manifest.database);
    const files = await readdir(dump);
    expect(files).toContain('prelude.json.gz');
    expect(files).toContain('a.b.%C3%A7%20%25%2F%C3%BC%3F&x.bson.gz');
    expect(files).toContain('weather.metadata.json.gz');
    expect(files).toContain('system.buckets.weather.bson.gz');
    expect(files).toContain('view.metadata.json.gz');
    expect(files).not.toContain('view.bson.gz');
    expect(Math.max(...files.map((file) => file.length))).toBeLessThanOrEqual(255);
    const text = async (file: string): Promise<Buffer> =>
      gunzipSync(await readFile(join(dump, `${file}.gz`)));
    const metadata = JSON.parse((await text('users.metadata.json')).toString());
    expect(metadata).toMatchObject({
      collectionName: 'users',
      type: 'collection',
      uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
      options: { collation: { locale: 'de', strength: { $numberInt: '2' } } },
    });
    expect(metadata.indexes[1]).toMatchObject({ v: { $numberInt: '2' }, name: 'email_1' });
    const { version } = await db.command({ buildInfo: 1 });
    expect(JSON.parse((await text('prelude.json')).toString())).toMatchObject({
      ServerVersion: version,
    });

    // Another major of the official reader of BSON, which knows nothing of us.
    const require = createRequire(import.meta.url);
    const other = createRequire(require.resolve('mongodb5/package.json'))('bson') as typeof BSON;
    const bytes = await text('types.bson');
    const documents: unknown[] = [];
    const exact = { promoteValues: false, bsonRegExp: true };
    for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at)) {
      documents.push(other.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at)), exact));
    }
    const stored = await db
      .collection('types')
      .find({}, { promoteValues: false, bsonRegExp: true })
      .toArray();
    const comparable = (all: unknown, { EJSON }: typeof BSON): unknown =>
      JSON.parse(EJSON.stringify(all as never, { relaxed: false }));
    expect(comparable(documents, other)).toEqual(comparable(stored, BSON));
  });

  it('restores what another tool has written', async () => {
    const dump = join(place.path, driver.target.database);
    await mkdir(dump);
    const documents = [
      { _id: 1, a: 'x' },
      { _id: 2, a: 'y' },
    ];
    await writeFile(
      join(dump, 'plain.bson'),
      Buffer.concat(documents.map((one) => BSON.serialize(one))),
    );
    // As older dumps are: no type, no uuid, and the collection's name in each index.
    const key = '{"a":{"$numberInt":"1"}}';
    await writeFile(
      join(dump, 'plain.metadata.json'),
      `{"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_","ns":"d.plain"},{"v":{"$numberInt":"2"},"unique":true,"key":${key},"name":"a_1","ns":"d.plain"}],"collectionName":"plain"}`,
    );
    const data = {
      tool: 'mongodump',
      consistency: 'per-collection',
      contents: [],
      notes: [],
    } as const;
    const { manifestOf } = await import('./backup-kit.ts');
    await restore(manifestOf(driver, data));
    expect(await db.collection('plain').find().sort({ _id: 1 }).toArray()).toEqual(documents);
    expect(await db.collection('plain').indexes()).toMatchObject([
      {},
      { unique: true, name: 'a_1' },
    ]);
  });

  it('changes nothing when what it loads is not what the manifest says', async () => {
    await db.collection('a').insertMany([{ x: 1 }, { x: 2 }]);
    await db.collection('b').insertOne({ y: 1 });
    const manifest = await backUp(driver, place.path);
    await db.collection('a').insertOne({ x: 3 });
    const before = await everything(db);
    const file = join(place.path, manifest.database, 'b.bson.gz');
    const whole = await readFile(file);
    const rejects = async (code: string, message: RegExp): Promise<void> => {
      const failure = await restore(manifest).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, state: expect.stringMatching(/as it was/) });
      expect(String(failure)).toMatch(message);
      expect(await everything(db)).toEqual(before);
    };
    await writeFile(file, await readFile(join(place.path, manifest.database, 'a.bson.gz')));
    await rejects('GODWIT_RESTORE_FAILED', /2 documents, not 1/);
    await writeFile(file, whole.subarray(0, whole.length - 12));
    await rejects('GODWIT_BACKUP_DAMAGED', /b\.bson\.gz is damaged/);
    const { gzipSync } = await import('node:zlib');
    await writeFile(file, gzipSync(BSON.serialize({ _id: 1, y: 2 })));
    await rejects('GODWIT_RESTORE_FAILED', /other contents/);
    await writeFile(file, gzipSync(gunzipSync(whole).subarray(0, 15)));
    await rejects('GODWIT_BACKUP_DAMAGED', /within a document/);
    await writeFile(file, whole);
    await restore(manifest);
    expect(await db.collection('a').countDocuments()).toBe(2);
  });

  it('reads a large collection again from both ends, and misses nothing', async () => {
    const rows = Array.from({ length: 30_001 }, (_, n) => ({ n, text: 'x'.repeat(150) }));
    await db.collection<{ n: number }>('rows').insertMany(rows);
    const manifest = await backUp(driver, place.path);
    const { fingerprint } = manifest.contents.find(({ name }) => name === 'rows') ?? {};
    expect(fingerprint).toMatch(/^x4:[0-9a-f]{32}$/);
    await db.collection('rows').updateOne({ n: 30_000 }, { $set: { n: -1 } });
    await restore(manifest);
    expect(await db.collection('rows').countDocuments({ n: 30_000 })).toBe(1);
    // One more that somebody puts there meanwhile.
    let put: Promise<unknown> | undefined;
    const intrude = async (): Promise<void> => {
      const [{ name = '' } = {}] = await db.listCollections({ name: /restoring_/ }).toArray();
      await db.collection(name).insertOne({ n: 'one more' });
    };
    const backups = await driver.backups?.({});
    const failure = await backups
      ?.restore({
        ...QUIET,
        folder: place.path,
        manifest,
        onProgress: ({ rows: done }) => {
          if (done > 0) put ??= intrude();
        },
      })
      .catch((error: unknown) => error);
    await put;
    expect(failure).toMatchObject({ code: 'GODWIT_RESTORE_FAILED' });
    expect(String(failure)).toContain('30002 documents, not 30001');
    expect(await db.collection('rows').countDocuments()).toBe(30_001);
    // Of a version that made them in another way.
    const older = manifest.contents.map((one) => ({ ...one, fingerprint: 'ff'.repeat(16) }));
    const report = await restore({ ...manifest, contents: older });
    expect(report?.contents).toEqual(manifest.contents);
  });
});
