import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GodwitError, MigrationRunner, type MigrationRunnerOptions } from '../../../src/index.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { createFolder } from '../support/folder.ts';
import { EXAMPLE } from './project.ts';

let server: TestMongod;
const lines: string[] = [];

beforeAll(async () => {
  server = await startMongod({ replicaSet: false });
});
afterAll(() => server?.stop());

function newRunner(url = server.databaseUrl(), options: MigrationRunnerOptions = {}) {
  const dir = join(EXAMPLE, 'server/migrations');
  return new MigrationRunner(url, { dir, log: (line) => lines.push(line), ...options });
}

describe('MigrationRunner', () => {
  it('has the fields and methods of the guide', async () => {
    const url = server.databaseUrl();
    const runner = newRunner(url);
    expect(runner.mongoUri).toBe(url);
    expect([runner.client, runner.db]).toEqual([null, null]);
    await runner.connect();
    expect(url).toContain(runner.db.databaseName);
    expect(await runner.db.collection('users').countDocuments()).toBe(0);

    const migrations = await runner.getMigrations();
    expect(migrations.map(({ file, version }) => [file, version])).toEqual([
      ['001_create_users_collection.js', 1],
      ['002_add_schema_version.js', 2],
      ['003_add_calm_score_indexes.js', 3],
      ['004_add_optional_profile_picture.js', 4],
    ]);
    expect(migrations[0]).toMatchObject({
      description: 'Create users collection with initial indexes',
      up: expect.any(Function),
      down: expect.any(Function),
    });

    expect(await runner.getAppliedMigrations()).toEqual([]);
    await runner.recordMigration(1);
    expect(await runner.getAppliedMigrations()).toEqual([
      { version: 1, appliedAt: expect.any(Date), status: 'applied' },
    ]);
    await runner.removeMigrationRecord(1);
    expect(await runner.getAppliedMigrations()).toEqual([]);
    // What the caller opened stays open.
    expect(runner.client).not.toBeNull();
    await runner.disconnect();
    expect([runner.client, runner.db]).toEqual([null, null]);
    await runner.disconnect();
  });

  it('applies all up to a version that no file has, and closes what it opened', async () => {
    const runner = newRunner();
    const { summary } = await runner.up(5);
    expect(summary).toEqual({ applied: 4, reverted: 0, failed: 0, remaining: 0 });
    expect(runner.client).toBeNull();
    expect((await runner.down(2)).summary.reverted).toBe(2);
    expect((await runner.status()).summary).toMatchObject({ applied: 2, pending: 2 });
    expect(lines).toContain('✅ 2: Add schema version to users and create migration history');
  });

  it('keeps no migrationHistory when told so', async () => {
    const runner = newRunner(undefined, { mirror: false });
    await runner.up();
    await runner.connect();
    expect(await runner.db.collection('migrationHistory').countDocuments()).toBe(0);
    await runner.disconnect();
  });

  it("goes by the project's config where its options say nothing", async () => {
    const folder = await createFolder({
      'godwit.config.cjs': `module.exports = { dir: 'changes', store: { prefix: 'nn_' } };`,
      'changes/001_first.cjs': `module.exports = { up: (db) => db.createCollection('first') };`,
    });
    const runner = newRunner(undefined, { dir: undefined, root: folder.path });
    await runner.up();
    await runner.connect();
    const collections = await runner.db.listCollections().toArray();
    const names = collections.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(expect.arrayContaining(['first', 'nn_history', 'nn_lock']));
    await runner.disconnect();
    await folder.remove();
  });

  it("connects as the project's config says when it is given no URL", async () => {
    const url = server.databaseUrl();
    const folder = await createFolder({
      'godwit.config.cjs': `module.exports = { env: ['SPARK_A', 'SPARK_B'] };`,
      'migrations/001_first.cjs': `module.exports = { up: (db) => db.createCollection('first') };`,
      'other/godwit.config.cjs': `module.exports = { dir: '../migrations' };`,
    });
    const dir = join(folder.path, 'migrations');
    const given = { dir, processEnv: { SPARK_A: ' ', SPARK_B: url } };
    const runner = new MigrationRunner(undefined, { ...given, log: () => undefined });
    await runner.connect();
    expect(url).toContain(runner.db.databaseName);
    expect((await runner.up()).summary.applied).toBe(1);
    await runner.disconnect();
    const unset = new MigrationRunner('', { dir, processEnv: {} }).status();
    await expect(unset).rejects.toMatchObject({ code: 'GODWIT_URL_MISSING' });
    // A config without a word on it does not mean a database in the project's folder.
    const silent = new MigrationRunner(undefined, { root: join(folder.path, 'other') }).status();
    await expect(silent).rejects.toMatchObject({ code: 'GODWIT_URL_MISSING' });
    await folder.remove();
  });

  it('rejects what cannot be meant, before anything is contacted', async () => {
    const runner = newRunner();
    await expect(runner.up(Number.NaN)).rejects.toMatchObject({ code: 'GODWIT_USAGE' });
    await expect(runner.down(0)).rejects.toMatchObject({ code: 'GODWIT_USAGE' });
    await expect(runner.down(Number.NaN)).rejects.toMatchObject({ code: 'GODWIT_USAGE' });
    const nowhere = new MigrationRunner(undefined).up();
    await expect(nowhere).rejects.toBeInstanceOf(GodwitError);
    await expect(nowhere).rejects.toMatchObject({ code: 'GODWIT_URL_MISSING' });
  });

  it('rejects with a coded error when the server does not answer', async () => {
    const runner = newRunner('mongodb://127.0.0.1:1/nothing', { connectTimeoutMs: 300 });
    await expect(runner.up()).rejects.toMatchObject({ code: 'GODWIT_CONNECT_FAILED' });
    expect(runner.client).toBeNull();
  });
});
