import { type Db, Decimal128, Double, Int32, Long, MongoClient } from 'mongodb';
import { MongoClient as Client5 } from 'mongodb5';
import { MongoClient as Client6 } from 'mongodb6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  copyCollection,
  dropCopy,
  restoreCopy,
} from '../../../src/drivers/mongodb/backup/copy-collection.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { acquireOptions, header, job, openTest } from './kit.ts';

describe.each([true, false])('copies inside the server (replica set: %s)', (replicaSet) => {
  let server: TestMongod;
  let client: MongoClient;
  let db: Db;
  let databases = 0;
  beforeAll(async () => {
    server = await startMongod({ replicaSet });
    client = await new MongoClient(server.uri).connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  const fresh = (): void => {
    db = client.db(new URL(server.databaseUrl(`copies${++databases}`)).pathname.slice(1));
  };

  /** Options, indexes and documents: all that a restore must bring back. */
  async function all(name: string): Promise<unknown> {
    const exact = { promoteValues: false, bsonRegExp: true };
    const [info] = await db.listCollections({ name }, exact).toArray();
    const options = (info as { options?: unknown } | undefined)?.options;
    const indexes = await db.collection(name).listIndexes(exact).toArray();
    const documents = await db.collection(name).find({}, exact).sort({ _id: 1 }).toArray();
    return { options, indexes: indexes.sort(byName), documents };
  }
  const byName = (a: { name?: unknown }, b: { name?: unknown }): number =>
    String(a.name) < String(b.name) ? -1 : 1;

  it('brings back documents, options, validator and every kind of index', async () => {
    fresh();
    await db.createCollection('users', {
      collation: { locale: 'de', strength: 2 },
      validator: { $jsonSchema: { required: ['email'] } },
      validationLevel: 'moderate',
      validationAction: 'error',
    });
    const users = db.collection('users');
    await users.createIndexes([
      { key: { email: 1 }, unique: true, partialFilterExpression: { email: { $type: 'string' } } },
      { key: { seen: 1 }, expireAfterSeconds: 1_000_000_000 },
      {
        key: { bio: 'text' },
        weights: { bio: 7 },
        default_language: 'german',
        collation: { locale: 'simple' },
      },
      { key: { '$**': 1 }, wildcardProjection: { secret: 0 }, collation: { locale: 'simple' } },
      { key: { hide: -1 }, hidden: true, name: 'hidden one' },
      { key: { place: '2dsphere' }, collation: { locale: 'simple' } },
      { key: { email: 'hashed' }, collation: { locale: 'simple' } },
    ]);
    await users.insertMany([
      { email: 'a', n: new Int32(1), d: new Double(1), l: Long.fromString('9007199254740993') },
      { email: 'b', m: Decimal128.fromString('1.10'), seen: new Date() },
    ]);
    await users.insertOne({ broken: true }, { bypassDocumentValidation: true });
    const before = await all('users');

    const copy = await copyCollection(db, 'users');
    expect(copy).toMatchObject({ documents: 3, indexes: 7 });
    expect(copy.name).toMatch(/^users_backup_\d{17}$/);
    // Bare: no TTL index eats from it.
    expect(await db.collection(copy.name).listIndexes().toArray()).toHaveLength(1);

    await users
      .updateMany({}, { $set: { email: 'x' } }, { bypassDocumentValidation: true })
      .catch(() => {});
    await users.deleteMany({ email: 'b' });
    await users.dropIndexes();
    await db.command({ collMod: 'users', validator: {} });
    await restoreCopy(db, 'users', copy.name);
    expect(await all('users')).toEqual(before);

    // And again, after the collection was dropped.
    await users.drop();
    await restoreCopy(db, 'users', copy.name);
    expect(await all('users')).toEqual(before);

    expect(await dropCopy(db, copy.name)).toBe(true);
    expect(await dropCopy(db, copy.name)).toBe(false);
    const left = await db.listCollections({}, { nameOnly: true }).toArray();
    expect(left.map(({ name }) => name).sort()).toEqual(['godwit_copies', 'users']);
    expect(await db.collection('godwit_copies').countDocuments()).toBe(0);
  });

  it('copies empty, capped and clustered collections', async () => {
    fresh();
    await db.createCollection('empty');
    await db.createCollection('capped', { capped: true, size: 8192, max: 5 });
    await db.createCollection('clustered', { clusteredIndex: { key: { _id: 1 }, unique: true } });
    await db.collection('clustered').createIndex({ a: 1 });
    for (const name of ['capped', 'clustered']) {
      await db.collection(name).insertMany([3, 1, 2].map((a) => ({ a })));
    }
    for (const name of ['empty', 'capped', 'clustered']) {
      const before = await all(name);
      const { documents } = await copyCollection(db, name, { to: `${name} copy` });
      expect(documents).toBe(name === 'empty' ? 0 : 3);
      await db.collection(name).drop();
      await restoreCopy(db, name, `${name} copy`);
      expect(await all(name)).toEqual(before);
    }
    const order = await db.collection('capped').find().toArray();
    expect(order.map(({ a }) => a)).toEqual([3, 1, 2]);
  });

  it('refuses what cannot be copied, and leaves nothing', async () => {
    fresh();
    await db.collection('a').insertOne({ x: 1 });
    await db.createCollection('view', { viewOn: 'a', pipeline: [] });
    await db.createCollection('series', { timeseries: { timeField: 't' } });
    const names = async (): Promise<string[]> =>
      (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort();
    const before = await names();
    const code = (code: string): unknown => expect.objectContaining({ code });
    await expect(copyCollection(db, 'none')).rejects.toEqual(code('GODWIT_COLLECTION_MISSING'));
    await expect(copyCollection(db, 'view')).rejects.toEqual(code('GODWIT_UNSUPPORTED'));
    await expect(copyCollection(db, 'series')).rejects.toEqual(code('GODWIT_UNSUPPORTED'));
    const taken = copyCollection(db, 'a', { to: 'view' });
    await expect(taken).rejects.toEqual(code('GODWIT_COLLECTION_EXISTS'));
    const missing = restoreCopy(db, 'a', 'none');
    await expect(missing).rejects.toEqual(code('GODWIT_COLLECTION_MISSING'));
    const stopped = copyCollection(db, 'a', { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toEqual(code('GODWIT_STOPPED'));
    expect(await names()).toEqual(before);
    expect(await db.collection('a').countDocuments()).toBe(1);
  });

  it('does not take an unfinished copy for one', async () => {
    fresh();
    await db.collection('a').insertMany([{ x: 1 }, { x: 2 }]);
    const { name } = await copyCollection(db, 'a');
    // What a kill -9 leaves: the record says so until the server has made all of it.
    await db.collection('godwit_copies').updateOne({ of: 'a' }, { $set: { complete: false } });
    await expect(restoreCopy(db, 'a', name)).rejects.toThrow(/not finished/);
    expect(await db.collection('a').countDocuments()).toBe(2);
  });

  it('takes a copy that somebody else made, with the indexes that are there now', async () => {
    fresh();
    await db.collection('a').insertOne({ x: 1 });
    await db.collection('a').createIndex({ x: 1 });
    await db.collection('by hand').insertMany([{ x: 2 }, { x: 3 }]);
    expect(await restoreCopy(db, 'a', 'by hand')).toMatchObject({ documents: 2, indexes: 1 });
  });

  it.each([
    ['5', Client5],
    ['6', Client6],
  ])('works with driver %s', async (_major, Client) => {
    fresh();
    await db.collection('a').insertMany([{ x: 1 }, { x: 2 }]);
    await db.collection('a').createIndex({ x: 1 }, { unique: true });
    const before = await all('a');
    const other = await new Client(server.uri).connect();
    try {
      const same = other.db(db.databaseName) as unknown as Db;
      const copy = await copyCollection(same, 'a');
      await db.collection('a').deleteMany({});
      await restoreCopy(same, 'a', copy.name);
    } finally {
      await other.close();
    }
    expect(await all('a')).toEqual(before);
  });

  const where = replicaSet ? 'but in no transaction' : 'on a standalone too';
  it(`works with the handles of a migration, ${where}`, async () => {
    fresh();
    await db.collection('a').insertOne({ x: 1 });
    const driver = await openTest(server.databaseUrl(db.databaseName));
    const session = await driver.acquire(acquireOptions());
    const run = (version: string, transaction: 'always' | 'auto') =>
      session.execute(
        job(header(version, session.fence), (ctx) => copyCollection(ctx.db, 'a', { to: 'b' }), {
          transaction,
        }),
      );
    const inside = await run('1', 'always');
    expect(inside).toMatchObject({ status: 'failed' });
    expect(inside.error?.message).toMatch(/transaction/);
    // Outside one, the handles that a migration is given will do.
    expect(await run('2', 'auto')).toMatchObject({ status: 'applied', result: { documents: 1 } });
    await driver.close();
  });
});
