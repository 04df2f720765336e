import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { CodeMigration, Migrator } from '../../../src/index.ts';
import { restoreValidator, setValidator, tightenValidator } from '../../../src/mongodb.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';

const LOOSE = { bsonType: 'object', required: ['email'] };
const STRICT = {
  ...LOOSE,
  required: ['email', 'role'],
  properties: { role: { enum: ['admin', 'user'] } },
};

describe.each([
  ['a replica set', true],
  ['a standalone', false],
])('validators on %s', (_name, replicaSet) => {
  let server: TestMongod;
  let client: MongoClient;
  let db: Db;
  let url: string;
  let opened: Migrator[];

  beforeAll(async () => {
    server = await startMongod({ replicaSet });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    opened = [];
    url = server.databaseUrl();
    client = await new MongoClient(url).connect();
    db = client.db();
  });
  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await client.close();
  });

  function migrator(...migrations: CodeMigration[]): Migrator {
    const made = createMigrator({ url, migrations, processEnv: {} });
    opened.push(made);
    return made;
  }

  const loose: CodeMigration = {
    id: '001_loose',
    up: ({ db }) => setValidator(db, 'users', LOOSE),
    down: ({ db }) => db.dropCollection('users'),
  };
  const strict: CodeMigration = {
    id: '002_strict',
    up: ({ db }) => setValidator(db, 'users', STRICT),
    down: ({ db }) => restoreValidator(db, 'users'),
  };
  const tight: CodeMigration = {
    id: '002_tight',
    up: (ctx) =>
      tightenValidator(ctx, {
        collection: 'users',
        schema: STRICT,
        fix: { set: { role: 'user' } },
      }),
    down: ({ db }) => restoreValidator(db, 'users'),
  };

  async function optionsOf(): Promise<Record<string, unknown>> {
    const [info] = await db.listCollections({ name: 'users' }, { nameOnly: false }).toArray();
    return { ...(info as { options?: object }).options };
  }

  it('creates, refuses what does not fit, and lists it', async () => {
    const first = await migrator(loose).up();
    expect(first.runs[0]?.result).toEqual({
      ...{ collection: 'users', created: true },
      ...{ changed: true, violations: 0 },
    });
    await expect(db.collection('users').insertOne({})).rejects.toThrow(/validation/);
    await db.collection('users').insertOne({ _id: 'ann' as never, email: 'ann@example.com' });
    const before = await optionsOf();
    const { runs } = await migrator(loose, strict).up();
    expect(runs[0]?.error?.code).toBe('GODWIT_VALIDATOR_VIOLATED');
    expect(runs[0]?.error?.message).toContain(
      '1 document(s) of users do not fit the validator: _id "ann"',
    );
    expect(await optionsOf()).toEqual(before);
    await db.collection('users').updateMany({}, { $set: { role: 'user' } });
    expect((await migrator(loose, strict).up({ retry: true })).summary.applied).toBe(1);
    expect(await optionsOf()).toMatchObject({ validator: { $jsonSchema: STRICT } });
  });

  it('goes back to the validator before it, and not over that of somebody else', async () => {
    await migrator(loose, strict).up();
    const one = migrator(loose, strict);
    await one.down();
    expect((await optionsOf())['validator']).toEqual({ $jsonSchema: LOOSE });
    await one.up();
    await db.command({ collMod: 'users', validator: { email: { $type: 'string' } } });
    const { runs } = await one.down();
    expect(runs[0]?.error?.code).toBe('GODWIT_VALIDATOR_CHANGED');
    expect((await optionsOf())['validator']).toEqual({ email: { $type: 'string' } });
  });

  it('tightens in stages while writes go on, and goes back in one step', async () => {
    await migrator(loose).up();
    const users = Array.from({ length: 2500 }, (_, n) => ({ email: `u${n}@example.com` }));
    await db.collection('users').insertMany(users);
    const { runs } = await migrator(loose, tight).up();
    expect(runs[0]).toMatchObject({ status: 'applied', result: { mended: 2500, violations: 0 } });
    expect(await db.collection('users').countDocuments({ role: 'user' })).toBe(2500);
    await expect(db.collection('users').insertOne({ email: 'x' })).rejects.toThrow(/validation/);
    await migrator(loose, tight).down();
    expect(await optionsOf()).toMatchObject({ validator: { $jsonSchema: LOOSE } });
    expect((await optionsOf())['validationAction'] ?? 'error').toBe('error');
    await db.collection('users').insertOne({ email: 'x' });
  });

  it('goes on warning when what is left does not fit, and finishes once it does', async () => {
    await migrator(loose).up();
    await db.collection('users').insertOne({ email: 'a', role: 'king' });
    const unfixed: CodeMigration = {
      ...tight,
      id: '002_tight',
      up: (ctx) => tightenValidator(ctx, { collection: 'users', schema: STRICT }),
    };
    const { runs } = await migrator(loose, unfixed).up();
    expect(runs[0]?.error?.code).toBe('GODWIT_VALIDATOR_VIOLATED');
    expect(await optionsOf()).toMatchObject({ validationAction: 'warn' });
    await db.collection('users').updateMany({}, { $set: { role: 'admin' } });
    expect((await migrator(loose, unfixed).up({ retry: true })).summary.applied).toBe(1);
    await migrator(loose, unfixed).down();
    expect((await optionsOf())['validator']).toEqual({ $jsonSchema: LOOSE });
  });
});
