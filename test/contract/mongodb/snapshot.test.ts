import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Db, Decimal128, Long, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import { diffSnapshots } from '../../../src/core/schema-diff.ts';
import type { Snapshot } from '../../../src/ports/snapshot.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { project } from '../../unit/config/project.ts';
import { openTest } from './kit.ts';

let server: TestMongod;
let client: MongoClient;

beforeAll(async () => {
  server = await startMongod();
  client = await MongoClient.connect(server.uri);
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

const at = (url: string): Db => client.db(new URL(url).pathname.slice(1));

/** One of everything. */
async function makeRich(db: Db): Promise<void> {
  const collation = { locale: 'de', strength: 2 } as const;
  await db.createCollection('users', {
    validator: {
      $jsonSchema: {
        required: ['mail', 'at'],
        properties: {
          mail: { bsonType: 'string', pattern: '^.+@.+$' },
          'a"b\'c': { enum: [1, null] },
        },
      },
      at: { $gt: new Date('2020-01-01'), $ne: Decimal128.fromString('1.5') },
      big: { $ne: Long.fromString('9007199254740993') },
      name: { $not: /^x/i },
    },
    validationLevel: 'moderate',
    validationAction: 'warn',
    collation,
    changeStreamPreAndPostImages: { enabled: true },
  });
  await db.createCollection('log', { capped: true, size: 4096, max: 10 });
  await db.createCollection('weather', {
    timeseries: { timeField: 'at', metaField: 'station', granularity: 'hours' },
    expireAfterSeconds: 3600,
  });
  await db.createCollection('clustered', {
    clusteredIndex: { key: { _id: 1 }, unique: true, name: 'by id' },
  });
  await db.createCollection('odd name.$x'.replace('$', '€'));
  await db.createCollection('adults', {
    viewOn: 'users',
    pipeline: [{ $match: { name: { $regex: '^a' } } }, { $sort: { z: 1, a: -1 } }],
    collation,
  });
  await db.createCollection('a_view_of_views', { viewOn: 'adults', pipeline: [], collation });
  await db.command({
    createIndexes: 'users',
    indexes: [
      { key: { mail: 1, at: -1 }, name: 'mail', unique: true, sparse: true },
      { key: { at: 1 }, name: 'ttl', expireAfterSeconds: 60, hidden: true },
      { key: { z: 1, a: 1 }, name: 'partial', partialFilterExpression: { age: { $gt: 18 } } },
      {
        key: { text: 'text', title: 'text' },
        name: 'words',
        weights: { title: 5 },
        default_language: 'german',
        collation: { locale: 'simple' },
      },
      { key: { place: '2dsphere' }, name: 'place' },
      { key: { '$**': 1 }, name: 'all', wildcardProjection: { secret: 0 } },
      { key: { h: 'hashed' }, name: 'hashed' },
      { key: { c: 1 }, name: 'collated', collation: { locale: 'fr' } },
    ],
  });
  await db.collection('weather').createIndex({ 'station.name': 1 });
}

const take = async (url: string): Promise<Snapshot> => {
  const driver = await openTest(url);
  try {
    return (await driver.snapshot?.({})) as Snapshot;
  } finally {
    await driver.close();
  }
};

describe('a rich schema in MongoDB', () => {
  it('comes back the same from its snapshot, and from its script', async () => {
    const url = server.databaseUrl();
    await makeRich(at(url));
    await at(url).collection('godwit_history').insertOne({ own: true });
    const driver = await openTest(url);
    const snapshot = await take(url);
    expect(snapshot.objects.map(({ kind, name }) => `${kind} ${name}`)).toMatchSnapshot();
    const scratch = await driver.scratch?.();
    await scratch?.load(snapshot);
    expect((await scratch?.driver.snapshot?.({}))?.objects).toEqual(snapshot.objects);
    const name = scratch?.driver.target.database;
    await scratch?.remove();
    const left = (await client.db().admin().listDatabases()).databases.map((each) => each.name);
    expect(left).not.toContain(name);
    const cwd = await project({});
    await mkdir(join(cwd, 'migrations'));
    await writeFile(
      join(cwd, 'migrations/001_all.mjs'),
      (await driver.snapshotScript?.(snapshot, 'file'))?.replace(
        "'mongodb'",
        JSON.stringify(import.meta.resolve('mongodb')),
      ) ?? '',
    );
    const other = server.databaseUrl();
    const migrator = createMigrator({ url: other, root: cwd, config: false });
    expect((await migrator.up()).summary).toMatchObject({ applied: 1, failed: 0 });
    expect((await migrator.schema.dump()).snapshot.objects).toEqual(snapshot.objects);
    await migrator.close();
    await driver.close();
    await rm(cwd, { recursive: true });
  });

  it('differs where a validator, an option or an index does', async () => {
    const url = server.databaseUrl();
    const db = at(url);
    await db.createCollection('a', { validator: { x: 1 } });
    await db.collection('a').createIndex({ b: 1 });
    const before = await take(url);
    await db.command({ collMod: 'a', validator: { x: 2 } });
    await db.command({ collMod: 'a', index: { keyPattern: { b: 1 }, hidden: true } });
    await db.createCollection('n');
    const { summary, changes } = diffSnapshots(before, await take(url));
    expect(summary).toEqual({ added: 1, removed: 0, changed: 2 });
    expect(changes.map(({ change, kind, name }) => `${change} ${kind} ${name}`)).toEqual([
      'changed collection a',
      'added collection n',
      'changed index a.b_1',
    ]);
    // Rules that a later command made are the same rules.
    await db.command({ collMod: 'a', validator: {} });
    await db.createCollection('b');
    const found = (await take(url)).objects.filter(({ kind }) => kind === 'collection');
    expect(new Set(found.map(({ definition }) => definition))).toEqual(new Set(['{}']));
  });
});

describe('trials and squash in MongoDB', () => {
  it('run code only when told to, and fold it into a baseline', async () => {
    const cwd = await project({
      'migrations/001_users.mjs':
        "export async function up(db) { await db.createCollection('users', { validator: { a: 1 } }); await db.collection('users').insertOne({ a: 1 }); }\n",
      'migrations/002_index.mjs':
        "export async function up(db) { await db.collection('users').createIndex({ a: 1 }); }\n",
    });
    const url = server.databaseUrl();
    const migrator = createMigrator({ url, root: cwd, config: false });
    await migrator.up({ to: '1' });
    await expect(migrator.schema.diffPlan()).rejects.toMatchObject({
      code: 'GODWIT_SCRATCH_REFUSED',
    });
    const diff = await migrator.schema.diffPlan({ code: true });
    expect(diff.changes).toMatchObject([{ change: 'added', kind: 'index', name: 'users.a_1' }]);
    expect((await migrator.status()).summary).toMatchObject({ applied: 1, pending: 1 });
    await migrator.up();
    const report = await migrator.squash({ code: true });
    expect(report).toMatchObject({
      file: 'migrations/002_baseline.mjs',
      replaces: ['001_users', '002_index'],
      recorded: true,
    });
    expect(report.warnings).toHaveLength(2);
    expect((await migrator.status()).migrations).toMatchObject([
      { id: '002_baseline', state: 'applied' },
    ]);
    expect(await readFile(join(cwd, report.file), 'utf8')).toMatchSnapshot();
    const fresh = createMigrator({ url: server.databaseUrl(), root: cwd, config: false });
    expect((await fresh.up()).summary).toMatchObject({ applied: 1 });
    const [one, other] = [await migrator.schema.dump(), await fresh.schema.dump()];
    expect(other.snapshot.objects).toEqual(one.snapshot.objects);
    await fresh.close();
    await migrator.close();
    await rm(cwd, { recursive: true });
  });
});
