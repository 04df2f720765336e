import { scryptSync } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { findMongod } from '../../../src/testing/mongod-binary.ts';
import { among } from '../../support/rounds.ts';
import { installRemotelyx, type Remotelyx, type Typed } from './project.ts';

let project: Remotelyx;
beforeAll(async () => {
  project = await installRemotelyx();
});
afterAll(() => project?.remove());

const MIGRATIONS = [
  '001_create_users_collection',
  '002_create_jobs_collection',
  '003_create_activity_logs_collection',
  '004_create_indexes',
  '005_add_user_roles_index',
];
const SEEDS = [
  '001_create_admin_user',
  '002_create_sample_jobs',
  '003_create_sample_activity_logs',
];

/** The guide's commands as they stand in it, typed in `server/`. */
const SERVERS = [
  ['a standalone', false],
  ['a replica set', true],
] as const;

// Without the soak on one of them; examples/spark-therapy is tried on the other.
const TRIED = among<(typeof SERVERS)[number]>(SERVERS, (all) =>
  all.filter(([name]) => name === 'a standalone'),
);
describe.each(TRIED)('the commands of the guide on %s', (_name, replicaSet) => {
  let server: TestMongod;
  let client: MongoClient;
  let db: Db;
  let env: Record<string, string>;

  beforeAll(async () => {
    server = await startMongod({ replicaSet });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    const url = new URL(server.databaseUrl());
    url.pathname = '/remotelyx';
    client = await new MongoClient(url.href).connect();
    db = client.db();
    env = { MONGODB_URI: url.href };
  });
  afterEach(async () => {
    await db.dropDatabase();
    await client.close();
  });

  async function typeWell(command: string, input = ''): Promise<string> {
    const typed: Typed = await project.type(command, env, input);
    const all = `${command}\n${typed.stdout}\n${typed.stderr}`;
    expect(typed.code, all).toBe(0);
    return typed.stdout;
  }

  async function names(collection: string): Promise<unknown[]> {
    const found = await db.collection(collection).find().sort({ name: 1 }).toArray();
    return found.map(({ name, status, appliedAt }) => {
      expect(status).toBe('applied');
      expect(appliedAt).toBeInstanceOf(Date);
      return name;
    });
  }

  async function collections(): Promise<string[]> {
    return (await db.listCollections().toArray()).map(({ name }) => name).sort();
  }

  it('./db.sh setup, status, migrate, seed: everything once, and again without harm', async () => {
    expect(await typeWell('./db.sh status')).toContain('Migrations: 0/5');
    expect(await collections()).toEqual([]);
    const first = await typeWell('./db.sh setup');
    expect(first).toContain('5 migration(s) done');
    expect(first).toContain('3 seed(s) done');
    expect(await names('migrations')).toEqual(MIGRATIONS);
    expect(await names('seeds')).toEqual(SEEDS);

    const admin = await db.collection('users').findOne({ email: 'admin@remotelyx.com' });
    expect(admin?.['role']).toBe('admin');
    const [scheme, salt = '', hash] = String(admin?.['password']).split('$');
    expect(scheme).toBe('scrypt');
    const again = scryptSync('admin123', Buffer.from(salt, 'base64'), 32);
    expect(again.toString('base64')).toBe(hash);
    const jobs = await db.collection('jobs').find().sort({ company: 1 }).toArray();
    expect(jobs.map(({ title, company }) => `${title} (${company})`)).toEqual([
      'DevOps Engineer (CloudSolutions)',
      'Data Scientist (DataTech Inc)',
      'Full Stack Developer (StartupXYZ)',
      'Senior Backend Engineer (TechCorp)',
      'Frontend Developer (WebDesign Pro)',
    ]);
    expect(await db.collection('activity_logs').countDocuments()).toBe(3);
    await expect(db.collection('jobs').insertOne({ title: 'x' })).rejects.toThrow(/validation/);
    await expect(db.collection('users').insertOne({ ...admin, _id: 1 as never })).rejects.toThrow(
      /duplicate/,
    );

    expect(await typeWell('./db.sh migrate')).toContain('No migration to run');
    expect(await typeWell('./db.sh seed')).toContain('No seed to run');
    await typeWell('./db.sh setup');
    const status = await typeWell('./db.sh status');
    expect(status).toContain('Migrations: 5/5');
    expect(status).toContain('Seeds: 3/3');
    expect(status).toContain('✅ 005_add_user_roles_index');
    expect(await db.collection('jobs').countDocuments()).toBe(5);
  });

  it('./db.sh reset asks, drops all collections, and ./db.sh setup begins anew', async () => {
    await typeWell('./db.sh setup');
    const refused = await project.type('./db.sh reset', env);
    expect([refused.code, refused.stderr]).toEqual([5, '\nNothing was dropped.\n']);
    expect(await db.collection('jobs').countDocuments()).toBe(5);
    expect(await typeWell('./db.sh reset', 'yes\n')).toContain('Dropped');
    expect(await collections()).toEqual([]);
    expect(await typeWell('./db.sh setup')).toContain('5 migration(s) done');
    expect(await typeWell('./db.sh reset --yes')).toContain('activity_logs');
    expect(await collections()).toEqual([]);
  });

  // The same words whatever the server is: once is enough.
  it.skipIf(replicaSet)(
    'node manage.js and npm run do the same, and --verbose says more',
    async () => {
      const verbose = await typeWell('node manage.js setup --verbose');
      expect(verbose).toContain('"type":"lock.acquired"');
      for (const command of ['migrate', 'seed', 'status'])
        await typeWell(`node manage.js ${command}`);
      await typeWell('node manage.js reset', 'y\n');
      for (const command of ['migrate', 'seed', 'status', 'setup'])
        await typeWell(`npm run ${command}`);
      expect(await names('seeds')).toEqual(SEEDS);
      await typeWell('npm run reset -- --yes');
      expect(await collections()).toEqual([]);
    },
  );

  it('has what the guide wishes for: rollback, templates, checks in production', async () => {
    await typeWell('./db.sh setup');
    expect(await typeWell('./db.sh rollback 2')).toContain('2 rollback(s) done');
    expect(await names('migrations')).toEqual(MIGRATIONS.slice(0, 3));
    const indexes = await db.collection('users').indexes();
    expect(indexes.map(({ name }) => name)).toEqual(['_id_']);
    await typeWell('./db.sh migrate');

    const production = { ...env, NODE_ENV: 'production' };
    for (const command of ['seed', 'setup', 'reset --yes']) {
      const typed = await project.type(`./db.sh ${command}`, production);
      expect([typed.code, typed.stderr]).toEqual([5, expect.stringContaining('NODE_ENV')]);
    }
    expect((await project.type('./db.sh migrate', production)).code).toBe(0);
    expect(await db.collection('jobs').countDocuments()).toBe(5);
  });

  it.skipIf(replicaSet)('empties no database whose name it was not told', async () => {
    const other = { MONGODB_URI: (env['MONGODB_URI'] ?? '').replace('/remotelyx', '/precious') };
    await client.db('precious').collection('things').insertOne({ n: 1 });
    const typed = await project.type('./db.sh reset --yes', other, 'yes\n');
    expect([typed.code, typed.stderr]).toEqual([5, '\nNothing was dropped.\n']);
    const cli = await project.type('npx godwit reset --yes --json', other);
    expect(cli.code).toBe(5);
    expect(JSON.parse(cli.stdout)).toMatchObject({ error: { code: 'GODWIT_RESET_REFUSED' } });
    expect(await client.db('precious').collection('things').countDocuments()).toBe(1);
    const told = await project.type(
      'npx godwit reset --yes --database-name precious --json',
      other,
    );
    expect(told.code, told.stderr).toBe(0);
    const { dropped } = JSON.parse(told.stdout) as { dropped: { name: string }[] };
    expect(dropped.map(({ name }) => name)).toContain('things');
  });
});

it('npx godwit test takes the five migrations there and back', async () => {
  const env = { MONGOMS_SYSTEM_BINARY: await findMongod() };
  const { code, stdout, stderr } = await project.type('npx godwit test', env);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain('5 passed');
});
