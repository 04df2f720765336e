import { scryptSync } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { findMongod } from '../../../src/testing/mongod-binary.ts';
import { among } from '../../support/rounds.ts';
import { installSparkTherapy, type SparkTherapy, type Typed } from './project.ts';

/** The collections that the guide lists, and the indexes that their models declare. */
const COLLECTIONS: Readonly<Record<string, readonly string[]>> = {
  children: ['lastName_1_firstName_1_dateOfBirth_1', 'parents_1', 'therapist_1_status_1'],
  complaints: ['reference_1', 'status_1_createdAt_1', 'subject_text_description_text'],
  feedback: ['session_1_parent_1'],
  fees: ['service_1_child_1_effectiveFrom_-1'],
  invoices: ['dueAt_1', 'number_1', 'parent_1_createdAt_-1'],
  leaverequests: ['status_1_from_1', 'therapist_1_from_1'],
  notifications: ['expiresAt_1', 'user_1_createdAt_-1'],
  programs: ['child_1_status_1', 'child_1_title_1', 'targets.code_1_targets.status_1'],
  schedules: ['child_1_startsAt_1', 'therapist_1_startsAt_1'],
  sessions: ['child_1_startedAt_-1', 'program_1', 'therapist_1_startedAt_-1'],
  users: ['email_1', 'role_1'],
};
const NAMES = Object.keys(COLLECTIONS);

/** Waits for nothing but what a person types, in `examples/spark-therapy`. */
function desk(installed: () => SparkTherapy, server: () => TestMongod) {
  let client: MongoClient;
  const own = {
    db: undefined as unknown as Db,
    url: '',
    env: {} as Record<string, string>,
    type: (command: string, more = {}): Promise<Typed> =>
      installed().type(`cd backend\n${command}`, { ...own.env, ...more }),
    async typeWell(command: string, more = {}): Promise<string> {
      const { code, stdout, stderr } = await own.type(command, more);
      expect(code, `${command}\n${stdout}\n${stderr}`).toBe(0);
      return stdout;
    },
    async collections(): Promise<string[]> {
      const found = await own.db.listCollections().toArray();
      return found
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('godwit_') && name !== 'seeds')
        .sort();
    },
    async indexes(collection: string): Promise<string[]> {
      const found = await own.db.collection(collection).indexes();
      return found.flatMap(({ name }) => (name && name !== '_id_' ? [name] : [])).sort();
    },
    async expectAll(): Promise<void> {
      expect(await own.collections()).toEqual(NAMES);
      for (const [name, indexes] of Object.entries(COLLECTIONS)) {
        expect(await own.indexes(name), name).toEqual(indexes);
      }
    },
  };
  beforeEach(async () => {
    own.url = server().databaseUrl();
    own.env = { MONGODB_URI: own.url };
    client = await new MongoClient(own.url).connect();
    own.db = client.db();
  });
  afterEach(() => client.close());
  return own;
}

let project: SparkTherapy;
beforeAll(async () => {
  project = await installSparkTherapy();
});
afterAll(() => project?.remove());

const SERVERS = [
  ['a standalone', false],
  ['a replica set', true],
] as const;

// Without the soak on one of them; examples/remotelyx is tried on the other.
const TRIED = among<(typeof SERVERS)[number]>(SERVERS, (all) =>
  all.filter(([name]) => name === 'a replica set'),
);
describe.each(TRIED)('the commands of the guide on %s', (_name, replicaSet) => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod({ replicaSet });
  });
  afterAll(() => server?.stop());
  const at = desk(
    () => project,
    () => server,
  );

  it('npm run migrate and npm run seed: once, and again without harm', async () => {
    const first = await at.typeWell('npm run migrate');
    expect(first).toContain('create-collection feedback');
    await at.expectAll();
    expect(await at.typeWell('node migrate.js')).toContain('Everything is as the models say');
    expect(await at.db.collection('children').options()).toMatchObject({
      collation: { locale: 'en', strength: 1 },
    });

    expect(await at.typeWell('npm run seed')).toContain('5 part(s) done');
    const users = await at.db.collection('users').find().sort({ role: 1 }).toArray();
    expect(users.map(({ role }) => role)).toEqual(['admin', 'parent', 'therapist']);
    const [, salt = '', hash] = String(users[0]?.['password']).split('$');
    const expected = scryptSync('admin123', Buffer.from(salt, 'base64'), 32).toString('base64');
    expect(hash).toBe(expected);
    const counts = await Promise.all(NAMES.map((name) => at.db.collection(name).countDocuments()));
    expect(counts).not.toContain(0);
    const program = await at.db.collection('programs').findOne({ 'targets.code': 'F2' });
    expect(program?.['targets']).toHaveLength(3);

    await at.db.collection('users').updateOne({ role: 'admin' }, { $set: { password: 'changed' } });
    expect(await at.typeWell('node seed-data.js')).toContain('The data is there already');
    await at.db.collection('fees').deleteOne({ service: 'session' });
    expect(await at.typeWell('npm run seed -- --again')).toContain('5 part(s) done');
    const again = await Promise.all(NAMES.map((name) => at.db.collection(name).countDocuments()));
    expect(again).toEqual(counts);
    expect(await at.db.collection('users').findOne({ role: 'admin' })).toMatchObject({
      password: 'changed',
    });
    // Neither the models nor mongoose made anything beside what was asked for.
    expect(await at.typeWell('npx --no-install godwit sync --check')).toContain('as defined');
  });

  it('the sequential runner: up, status, and back', async () => {
    // As an application that never migrated left them: with the collation, without the field.
    await at.db.createCollection('children', { collation: { locale: 'en', strength: 1 } });
    await at.db
      .collection<Child>('children')
      .insertMany([{ firstName: 'Asha' }, { firstName: 'Ravi', primaryLanguage: 'ta' }]);
    const items = [
      { quantity: 2, unitAmount: 900 },
      { quantity: 1, unitAmount: 50 },
    ];
    await at.db.collection('invoices').insertOne({ number: '1', items });
    const before = await at.typeWell('node migrations/runner.js status');
    expect(before).toContain('⏳ 1: Children get a primary language');
    expect(before).toContain('Applied: 0/2');
    expect(await at.collections()).toEqual(['children', 'invoices']);

    expect(await at.typeWell('node migrations/runner.js up 1')).toContain('1 children now have');
    const up = await at.typeWell('node migrations/runner.js up');
    expect(up).toContain('1 migration(s) completed');
    // The same run brings the indexes in line, once no migration is pending.
    expect(up).toContain('create-index users.email_1');
    await at.expectAll();
    expect(await languages(at.db)).toEqual(['en', 'ta']);
    expect(await at.db.collection('invoices').findOne()).toMatchObject({ totalAmount: 1850 });
    expect(await at.typeWell('node migrations/runner.js status')).toContain('Applied: 2/2');

    expect(await at.typeWell('node migrations/runner.js down')).toContain('1 migration(s) rolled');
    expect(await at.db.collection('invoices').findOne()).not.toHaveProperty('totalAmount');
    await at.typeWell('node migrations/runner.js down 1');
    expect(await languages(at.db)).toEqual([undefined, undefined]);
    expect(await at.typeWell('node migrations/runner.js status')).toContain('Applied: 0/2');
    expect((await at.type('node migrations/runner.js')).code).toBe(2);
  });
});

interface Child {
  readonly firstName: string;
  readonly primaryLanguage?: string;
}

async function languages(db: Db): Promise<unknown[]> {
  const found = await db.collection<Child>('children').find().sort({ firstName: 1 }).toArray();
  return found.map(({ primaryLanguage }) => primaryLanguage);
}

describe('what the models say is what the database has', () => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod({ replicaSet: false });
  });
  afterAll(() => server?.stop());
  const at = desk(
    () => project,
    () => server,
  );

  it('shows drift with exit 3, and mends it', async () => {
    expect((await at.type('node migrate.js --check')).code).toBe(3);
    expect(await at.collections()).toEqual([]);
    await at.typeWell('node migrate.js');
    await at.db.collection('users').dropIndex('email_1');
    await at.db.collection('sessions').createIndex({ notes: 1 });
    await at.db.collection('feedback').drop();
    const drift = await at.type('node_modules/.bin/godwit sync --check');
    expect(drift.code).toBe(3);
    for (const line of [
      'create feedback',
      'create index users.email_1',
      'hide index sessions.notes_1',
    ])
      expect(drift.stdout).toContain(line);
    const own = await at.type('node migrate.js --check');
    expect([own.code, own.stdout]).toEqual([3, expect.stringContaining('users.email_1: missing')]);

    await at.typeWell('node migrate.js');
    expect((await at.type('node_modules/.bin/godwit sync --check')).code).toBe(0);
    // Hidden for a week first (`hideFor`), then dropped.
    const notes = (await at.db.collection('sessions').indexes()).find(({ key }) => key['notes']);
    expect(notes).toMatchObject({ hidden: true });
    await at.db.collection('sessions').dropIndex('notes_1');
    await at.expectAll();
  });

  it('tells on which values a unique index would fail, before it is begun', async () => {
    await at.db
      .collection('users')
      .insertMany(['ada@example.com', 'ada@example.com', 'b@c.d'].map((email) => ({ email })));
    const failed = await at.type('node migrate.js');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('{"email":"ada@example.com"} 2 times');
    expect(await at.indexes('users')).not.toContain('email_1');
    await at.db.collection('users').deleteOne({ email: 'ada@example.com' });
    await at.typeWell('node migrate.js');
    await at.expectAll();
  });

  it('takes nothing away in production that nobody confirmed, and seeds nothing there', async () => {
    await at.typeWell('node migrate.js');
    await at.db.collection('fees').createIndex({ amount: 1 });
    const production = { NODE_ENV: 'production' };
    const refused = await at.type('node migrate.js', production);
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('fees.amount_1')]);
    expect(await at.indexes('fees')).toContain('amount_1');
    await at.typeWell('node migrate.js --yes', production);
    expect((await at.type('node seed-data.js', production)).code).toBe(5);
    expect(await at.db.collection('users').countDocuments()).toBe(0);
  });

  it('reads MONGODB_URI, then MONGODB_LOCAL_URI, then the default of the guide', async () => {
    const local = server.databaseUrl();
    const names = (text: string): string => new URL(text).pathname.slice(1);
    const both = { MONGODB_URI: at.url, MONGODB_LOCAL_URI: local };
    expect(await at.typeWell('node migrate.js', both)).toContain(names(at.url));
    const second = { MONGODB_URI: '', MONGODB_LOCAL_URI: local };
    expect(await at.typeWell('node migrate.js', second)).toContain(names(local));
    await at.typeWell('node migrations/runner.js up 1', second);
    await at.typeWell('node seed-data.js', second);
    const other = await new MongoClient(local).connect();
    expect(await other.db().collection('seeds').countDocuments()).toBe(5);
    expect(await other.db().collection('godwit_history').countDocuments()).toBeGreaterThan(6);
    await other.close();
    expect(await at.db.collection('seeds').countDocuments()).toBe(0);
    const config = await readFile(join(project.path, 'godwit.config.js'), 'utf8');
    expect(config).toContain("defaultUrl: 'mongodb://127.0.0.1:27017/spark_therapy'");
  });

  it('sets up a new database in one go, and creates the next migration', async () => {
    await at.typeWell('node_modules/.bin/godwit setup');
    await at.expectAll();
    const status = JSON.parse(await at.typeWell('node_modules/.bin/godwit status --json --check'));
    expect(status.summary).toMatchObject({ applied: 2, pending: 0 });
    expect(await at.typeWell('node_modules/.bin/godwit create add-photo')).toContain(
      'migrations/003-add-photo.js',
    );
    await rm(join(project.path, 'migrations/003-add-photo.js'));
  });
});

it('npx godwit test takes both migrations there and back', async () => {
  const env = { MONGOMS_SYSTEM_BINARY: await findMongod() };
  const { code, stdout, stderr } = await project.type('cd backend && npx godwit test', env);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain('2 children now have a primary language');
  expect(stdout).toMatch(/✓ 001-add-field .*1 fixture[\s\S]*✓ 002-invoice-totals .*1 fixture/);
});

describe('with mongoose 8', () => {
  let older: SparkTherapy;
  let server: TestMongod;
  beforeAll(async () => {
    [older, server] = await Promise.all([
      installSparkTherapy('mongoose8'),
      startMongod({ replicaSet: false }),
    ]);
  });
  afterAll(async () => {
    await older?.remove();
    await server?.stop();
  });
  const at = desk(
    () => older,
    () => server,
  );

  it('migrates, seeds and rolls back', async () => {
    await at.typeWell('node migrate.js');
    await at.expectAll();
    expect(await at.typeWell('node seed-data.js')).toContain('5 part(s) done');
    expect(await at.typeWell('node migrations/runner.js up')).toContain('2 migration(s) completed');
    expect(await at.typeWell('node migrations/runner.js down 2')).toContain('rolled back');
  });
});
