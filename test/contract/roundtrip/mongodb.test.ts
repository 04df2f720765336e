import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { RoundtripReport } from '../../../src/app/roundtrip/types.ts';
import { scratchName } from '../../../src/core/scratch-name.ts';
import { startMongod, type TestMongod, testMigrations } from '../../../src/testing/index.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';

const FILES = {
  'package.json': '{"type":"module"}',
  'migrations/001_users.js': `export const up = async (db) => {
      await db.createCollection('users');
      await db.collection('users').createIndex({ email: 1 }, { unique: true });
    };
    export const down = (db) => db.collection('users').drop();`,
  'migrations/002_names.js': `export const up = async (db) => {
      await db.collection('users').updateMany({}, [{ $set: { full: { $concat: ['$first', ' ', '$last'] } } }]);
      await db.collection('users').createIndex({ full: 1 });
    };
    export const down = async (db) => {
      await db.collection('users').updateMany({}, { $unset: { full: '', first: '' } });
    };`,
  'migrations/003_count.js': `export const up = (db) =>
      db.collection('users').updateMany({ visits: { $exists: false } }, { $set: { visits: 0, at: new Date() } });
    export const down = (db) =>
      db.collection('users').updateMany({ visits: 0 }, { $unset: { visits: '', at: '' } });`,
  'migrations/004_forward.js': `export const up = (db) => db.createCollection('events');`,
  'fixtures/002_names/users.jsonl': [
    '{"$seed":{"collection":"users","key":"email"}}',
    '{"_id":{"$oid":"65a000000000000000000001"},"email":"a@x.org","first":"Ann","last":"Lee"}',
    '{"email":"b@x.org","first":"Bob","last":"Ray"}',
  ].join('\n'),
  'fixtures/002_names/001_more.js': `export const run = (db) =>
    db.collection('users').insertOne({ _id: 7, email: 'c@x.org', first: 'Cy', last: 'Oh' });`,
};

let server: TestMongod;
let client: MongoClient;
let folder: TestFolder;

beforeAll(async () => {
  server = await startMongod({ own: true });
  client = await MongoClient.connect(server.uri);
});
afterAll(async () => {
  await client?.close();
  await server?.stop();
});
afterEach(() => folder?.remove());

const found = ({ migrations }: RoundtripReport, version: string) =>
  migrations.find((one) => one.version === version);
const scratches = async () =>
  (await client.db().admin().listDatabases()).databases
    .map(({ name }) => name)
    .filter((name) => name.startsWith('godwit_scratch'));

it('says what down did not restore: indexes and fields, with examples', async () => {
  folder = await createFolder(FILES);
  const left = scratchName(Date.now() - 100_000_000);
  await client.db(left).createCollection('people');
  const report = await testMigrations({ root: folder.path, url: server.uri });
  expect(report.database).toMatchObject({ driver: 'mongodb' });
  expect(report.migrations.map(({ status }) => status)).toEqual([
    'passed',
    'failed',
    'passed',
    'passed',
  ]);
  const names = found(report, '2');
  expect(names?.fixtures.toSorted()).toEqual(['001_more', 'users']);
  expect(names?.differences.filter(({ after }) => after === 'down')).toMatchObject([
    { change: 'extra', kind: 'index', name: 'users.full_1' },
    { kind: 'rows', name: 'users', rows: { changed: 3, missing: 0, extra: 0 } },
  ]);
  expect(JSON.stringify(names?.differences)).toContain('Ann');
  expect(found(report, '3')).toMatchObject({
    down: { status: 'reverted' },
    differences: [{ after: 'again', severity: 'warning' }],
  });
  expect(found(report, '4')).toMatchObject({ reversible: false, again: { status: 'applied' } });
  expect(report.summary).toEqual({ passed: 3, failed: 1, irreversible: 1, skipped: 0 });
  expect(await scratches()).toEqual([]);
});

it('stops at the first with bail, and takes fixtures given in code', async () => {
  folder = await createFolder({ ...FILES, 'fixtures/002_names/users.jsonl': '' });
  const report = await testMigrations({
    ...{ root: folder.path, url: server.uri, bail: true, ids: ['2', '3', '4'] },
    fixtures: { '2': { users: [{ _id: 1, email: 'a', first: 'F', last: 'L' }] } },
  });
  expect(report.migrations.map(({ status }) => status)).toEqual(['failed', 'skipped', 'skipped']);
  expect(found(report, '2')?.differences.some(({ rows }) => rows?.changed === 2)).toBe(true);
});

it('keeps a migration that connects by itself away from the project’s database', async () => {
  const own = server.databaseUrl();
  folder = await createFolder({
    'package.json': '{"type":"module"}',
    'godwit.config.js': "export default { env: ['ROUNDTRIP_TEST_URI'] };",
    'migrations/001_alone.js': `export const up = async (db) => {
        globalThis.seenByTest = [process.env.ROUNDTRIP_TEST_URI, db.databaseName];
      };
      export const down = async () => {};`,
  });
  process.env['ROUNDTRIP_TEST_URI'] = own;
  try {
    const report = await testMigrations({ root: folder.path, url: server.uri });
    expect(report.summary).toMatchObject({ passed: 1, failed: 0 });
    const [uri, name] = (globalThis as { seenByTest?: string[] }).seenByTest ?? [];
    expect(name).toMatch(/^godwit_scratch_/);
    expect(new URL(uri ?? '').pathname).toBe(`/${name}`);
    expect(process.env['ROUNDTRIP_TEST_URI']).toBe(own);
  } finally {
    delete process.env['ROUNDTRIP_TEST_URI'];
  }
});

it('takes an anonymised sample, and reads the project’s database only', async () => {
  folder = await createFolder({
    'package.json': '{"type":"module"}',
    'migrations/001_users.js': FILES['migrations/001_users.js'],
    'migrations/002_status.js': `export const up = async (db) => {
        globalThis.seenByTest = await db.collection('users').find().toArray();
        globalThis.orders = await db.collection('orders').find().toArray();
        await db.collection('users').updateMany({ status: 'active' }, { $set: { on: true } });
      };
      export const down = (db) => db.collection('users').updateMany({ on: true }, { $unset: { on: '' } });`,
  });
  const own = server.databaseUrl();
  const migrator = createMigrator({ root: folder.path, url: own });
  await migrator.up({ to: '1' });
  await migrator.close();
  const db = client.db(new URL(own).pathname.slice(1));
  const people = Array.from({ length: 30 }, (_, at) => ({
    ...{ email: `person${at}@clinic.org`, name: 'Zoë Q', status: at % 2 ? 'active' : 'secret' },
    ...{ born: new Date('1980-05-05'), age: 50, nested: { phone: '+49 151 2345' } },
  }));
  const { insertedIds } = await db.collection('users').insertMany(people);
  await db.collection('orders').insertOne({ userId: insertedIds[0], total: 10.5 });
  const before = await db.collection('users').find().toArray();
  const report = await testMigrations({
    ...{ root: folder.path, url: server.uri, sample: 20, seed: 'x' },
    processEnv: { MONGODB_URI: own },
  });
  expect(report.migrations).toMatchObject([{ id: '002_status', status: 'passed' }]);
  expect(report.sample).toEqual({ tables: 2, rows: 21, refused: 0 });
  // biome-ignore lint/suspicious/noExplicitAny: documents
  const seen = globalThis as { seenByTest?: any[]; orders?: any[] };
  expect(seen.seenByTest).toHaveLength(20);
  expect(JSON.stringify(seen.seenByTest)).not.toMatch(/person|clinic|secret|2345|Zo/);
  expect(seen.seenByTest?.[1]).toMatchObject({
    ...{ email: expect.stringMatching(/^[a-z]{6}\d+@[a-z]{6}\.[a-z]{3}$/), status: 'active' },
    nested: { phone: expect.stringMatching(/^\+\d\d \d{3} \d{4}$/) },
    born: expect.any(Date),
  });
  const ids = seen.seenByTest?.map(({ _id }) => String(_id));
  expect(ids).toContain(String(seen.orders?.[0].userId));
  expect(ids).not.toContain(String(insertedIds[0]));
  expect(await db.collection('users').find().toArray()).toEqual(before);
  expect(await scratches()).toEqual([]);
});
