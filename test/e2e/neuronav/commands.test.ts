import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { findMongod } from '../../../src/testing/mongod-binary.ts';
import { installNeuronav, type Neuronav, type Typed } from './project.ts';

let server: TestMongod;
let project: Neuronav;
let client: MongoClient;
let db: Db;
let env: Record<string, string>;

beforeAll(async () => {
  // A standalone, as at the desk of somebody who follows the guide.
  [server, project] = await Promise.all([startMongod({ replicaSet: false }), installNeuronav()]);
});

beforeEach(async () => {
  await client?.close();
  const url = server.databaseUrl();
  client = await new MongoClient(url).connect();
  db = client.db();
  env = { MONGODB_URI: url };
});

afterAll(async () => {
  await client?.close();
  await project?.remove();
  await server?.stop();
});

const type = (command: string): Promise<Typed> => project.type(command, env);

async function typeWell(command: string): Promise<string> {
  const { code, stdout, stderr } = await type(command);
  expect(code, `${command}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

async function mirrored(): Promise<unknown[]> {
  const documents = await db.collection('migrationHistory').find().sort({ version: 1 }).toArray();
  return documents.map(({ _id, appliedAt, ...rest }) => {
    expect(appliedAt).toBeInstanceOf(Date);
    return rest;
  });
}

function applied(...versions: number[]): unknown[] {
  return versions.map((version) => ({ version, status: 'applied' }));
}

async function collections(): Promise<string[]> {
  const found = await db.listCollections().toArray();
  return found
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('godwit_'))
    .sort();
}

async function indexes(collection: string): Promise<string[]> {
  return (await db.collection(collection).indexes()).map(({ name }) => name ?? '').sort();
}

describe('the commands of the guide', () => {
  it('walks up, looks, and walks down again', async () => {
    const before = await typeWell('npm run migrate:status');
    expect(before).toContain('⏳ 1: Create users collection with initial indexes');
    expect(before).toContain('Applied: 0/4');
    expect(await db.listCollections().toArray()).toEqual([]);

    const two = await typeWell('npm run migrate:up 2');
    expect(two).toContain('🔄 Applying migration 1: Create users collection with initial indexes');
    expect(two).toContain('✅ Migration 002 completed');
    expect(two).toContain('2 migration(s) completed');
    expect(await collections()).toEqual(['migrationHistory', 'users']);
    expect(await indexes('users')).toEqual(['_id_', 'email_1', 'phone_1']);
    expect(await mirrored()).toEqual(applied(1, 2));

    await db.collection('users').insertOne({ email: 'ada@example.com' });
    await expect(db.collection('users').insertOne({ email: 'ada@example.com' })).rejects.toThrow();
    expect(await typeWell('npm run migrate up 5')).toContain('2 migration(s) completed');
    expect(await indexes('calmscores')).toEqual([
      '_id_',
      'location_2dsphere',
      'stressors_text',
      'userId_1_timestamp_-1',
    ]);
    expect(await db.collection('users').findOne()).toMatchObject({ profilePictureUrl: null });
    expect(await mirrored()).toEqual(applied(1, 2, 3, 4));

    const after = await typeWell('npm run migrate:status');
    expect(after).toContain('✅ 3: Add indexes for calm score queries');
    expect(after).toContain('Applied: 4/4');
    expect(await typeWell('npm run migrate:up')).toContain('0 migration(s) completed');
    expect(await typeWell('npm run migrate:up 5')).toContain('0 migration(s) completed');

    expect(await typeWell('npm run migrate:down')).toContain('1 migration(s) rolled back');
    expect(await db.collection('users').findOne()).not.toHaveProperty('profilePictureUrl');
    expect(await mirrored()).toEqual(applied(1, 2, 3));

    const down = await typeWell('npm run migrate:down 3');
    expect(down).toContain('🔄 Rolling back migration 2:');
    expect(down).toContain('3 migration(s) rolled back');
    // The sample's own `down` dropped migrationHistory: nothing makes it anew.
    expect(await collections()).toEqual(['calmscores']);
    expect(await indexes('calmscores')).toEqual(['_id_']);
    expect(await typeWell('npm run migrate:status')).toContain('Applied: 0/4');

    expect(await typeWell('npm run migrate:up')).toContain('4 migration(s) completed');
    expect(await mirrored()).toEqual(applied(1, 2, 3, 4));
  });

  it('shows its usage', async () => {
    expect(await typeWell('npm run migrate')).toContain('npm run migrate up [version]');
  });

  it('counts a record made by hand as applied, and imports it with the next command', async () => {
    await typeWell('npm run migrate:up 2');
    await db.collection('migrationHistory').insertOne({ version: 3, appliedAt: new Date() });
    expect(await typeWell('npm run migrate:status')).toContain('Applied: 3/4');
    const { stdout } = await type('npx --no-install godwit status --json');
    expect(JSON.parse(stdout).summary).toMatchObject({ applied: 3, pending: 1 });

    const up = await typeWell('npm run migrate:up');
    expect(up).toContain(
      'Found in migrationHistory, recorded as applied: 003_add_calm_score_indexes',
    );
    expect(up).toContain('1 migration(s) completed');
    // Migration 3 was not run.
    expect(await collections()).toEqual(['migrationHistory', 'users']);
    const history = await type('npx --no-install godwit history --json');
    expect(JSON.parse(history.stdout).runs).toMatchObject([
      { version: '1', via: 'run' },
      { version: '2', via: 'run' },
      { version: '3', via: 'import' },
      { version: '4', via: 'run' },
    ]);
  });

  it('lets a version without a file be recorded by hand', async () => {
    await typeWell('npm run migrate:up 4');
    await db.collection('migrationHistory').insertOne({ version: 5, appliedAt: new Date() });
    const { stdout } = await type('npx --no-install godwit status --json');
    expect(JSON.parse(stdout).migrations.at(-1)).toMatchObject({ version: '5', state: 'missing' });
    expect(await typeWell('npm run migrate:up')).toContain('0 migration(s) completed');
    expect(await db.collection('migrationHistory').countDocuments()).toBe(5);

    // Nothing is stepped over on the way back.
    const down = await type('npm run migrate:down');
    expect(down.code).toBe(1);
    expect(down.stderr).toContain('GODWIT_MISSING');
    expect((await type('npx --no-install godwit mark 5 pending')).code).toBe(0);
    expect(await mirrored()).toEqual(applied(1, 2, 3, 4));
    expect(await typeWell('npm run migrate:down')).toContain('1 migration(s) rolled back');
  });

  it('creates the next migration, and runs it', async () => {
    const created = await typeWell('npm run migrate:create "add_new_field_to_users"');
    const file = 'server/migrations/005_add_new_field_to_users.js';
    expect(created).toContain(`Created ${file}`);
    const text = await readFile(join(project.path, file), 'utf8');
    expect(text).toMatch(/module\.exports = \{/);
    expect(text).toMatch(/version: 5/);
    expect(await typeWell('npm run migrate:status')).toContain('⏳ 5:');
    expect(await typeWell('npm run migrate:up')).toContain('5 migration(s) completed');
  });

  it('ends with 1 and says what and where when a migration fails', async () => {
    await project.write(
      'server/migrations/006_fails.js',
      `module.exports = {
  version: 6,
  description: 'Fails half-way',
  up: async (db) => {
    await db.collection('users').insertOne({ email: 'grace@example.com' });
    throw new Error('no such calm score');
  },
  down: async (db) => {
    await db.collection('users').deleteOne({ email: 'grace@example.com' });
  },
};
`,
    );
    const failed = await type('npm run migrate:up');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('Migration error:');
    expect(failed.stderr).toContain('no such calm score');
    expect(failed.stderr).toContain('GODWIT_MIGRATION_FAILED');
    expect(failed.stderr).toMatch(/file: 'server\/migrations\/006_fails\.js',\s+line: 6/);
    expect(await typeWell('npm run migrate:status')).toContain('❌ 6: Fails half-way (failed)');
    expect(await mirrored()).toEqual(applied(1, 2, 3, 4, 5));
  });

  it('says what to do about a migration whose process was killed', async () => {
    await project.write(
      'server/migrations/006_fails.js',
      `module.exports = {
  version: 6,
  description: 'Takes its time',
  up: async (db) => {
    await db.collection('users').updateMany({}, { $set: { slow: true } });
    console.log('half-way');
    if (process.env.SLOW) await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  down: async () => {},
};
`,
    );
    await project.killWhen('half-way', ['scripts/migrate.js', 'up'], { ...env, SLOW: '1' });
    expect(await typeWell('npm run migrate:status')).toContain(
      '❌ 6: Takes its time (interrupted)',
    );
    const again = await type('npm run migrate:up');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('GODWIT_INTERRUPTED');
    expect(again.stderr).toContain('godwit up --retry');
    expect((await type('npx --no-install godwit up --retry')).code).toBe(0);
    expect(await mirrored()).toEqual(applied(1, 2, 3, 4, 5, 6));
  });

  it('runs each migration once when four are started at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => type('npm run migrate:up 4')));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const done = all.filter(({ stdout }) => stdout.includes('4 migration(s) completed'));
    expect(done).toHaveLength(1);
    const history = await type('npx --no-install godwit history --json');
    expect(JSON.parse(history.stdout).runs).toHaveLength(4);
  });

  it('reads MONGODB_URI from .env', async () => {
    await project.write('.env', `MONGODB_URI=${env['MONGODB_URI']}\n`);
    const up = await project.type('npm run migrate:up 1');
    expect(up.stdout).toContain('1 migration(s) completed');
    const status = await project.type('npx --no-install godwit status --json');
    expect(JSON.parse(status.stdout).summary).toMatchObject({ applied: 1 });
    await project.write('.env', '');
    const nowhere = await project.type('npm run migrate:up 1');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('URL_MISSING')]);
  });

  it('answers plain godwit commands, which find folder, mirror and variable by the config', async () => {
    const status = await type('npx --no-install godwit status');
    expect(status.code, status.stderr).toBe(0);
    expect(`${status.stdout}${status.stderr}`).toContain('001_create_users_collection');
    expect((await type('npx --no-install godwit up 2')).code).toBe(0);
    expect(await mirrored()).toEqual(applied(1, 2));
    expect((await type('npx --no-install godwit down --all --yes')).code).toBe(0);
    expect(await collections()).toEqual([]);
  });
});

it('npx godwit test takes each migration there and back, with the fixtures of the project', async () => {
  // What the tests above wrote is not the example's.
  for (const file of ['005_add_new_field_to_users.js', '006_fails.js']) {
    await rm(join(project.path, 'server/migrations', file), { force: true });
  }
  const mongod = { MONGOMS_SYSTEM_BINARY: await findMongod() };
  const { code, stdout, stderr } = await project.type('npx godwit test', { ...env, ...mongod });
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/✓ 003_add_calm_score_indexes .*1 fixture/);
  expect(stdout).toContain('4 passed');
  // It happened elsewhere.
  expect(await collections()).toEqual([]);
});
