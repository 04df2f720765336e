import { mkdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SyncPlan, SyncReport } from '../../../src/app/sync/types.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { runCli, runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const MODELS = {
  // Registered by side effect; asks for everything that must not happen while it loads.
  'models/user.js': `const mongoose = require('mongoose');
mongoose.connect('mongodb://127.0.0.1:9/nowhere');
const schema = new mongoose.Schema({ email: { type: String, unique: true } }, { autoIndex: true, autoCreate: true });
mongoose.model('User', schema);
`,
  'models/clinic/children.mjs': `import mongoose from 'mongoose';
export const Child = mongoose.model('Child', new mongoose.Schema({ name: { type: String, index: true } }));
export default mongoose.model('Feedback', new mongoose.Schema({ text: String }, { collection: 'feedback' }));
`,
  'models/base.ts': `import mongoose, { Schema } from 'mongoose';
interface Fee { amount: number }
export const Fee = mongoose.model('Fee', new Schema<Fee>({ amount: { type: Number, index: -1 } }));
`,
  'models/session.ts': `import mongoose from 'mongoose';
import { Fee } from './base';
const schema = new mongoose.Schema({ at: Date, fee: { type: mongoose.Schema.Types.ObjectId, ref: Fee.modelName } });
schema.index({ at: 1, fee: 1 });
export default mongoose.model('Session', schema);
`,
  'models/index.js': `module.exports = { User: require('./user') };\n`,
  'models/user.test.js': `throw new Error('a test is no model');\n`,
};
const NAMES = ['children', 'feedback', 'fees', 'sessions', 'users'];

describe('godwit sync', () => {
  let server: TestMongod;
  let client: MongoClient;
  const folders: TestFolder[] = [];

  beforeAll(async () => {
    server = await startMongod({ own: true, parameters: { enableTestCommands: '1' } });
    client = await new MongoClient(server.uri).connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.remove();
  });

  async function project(files: Readonly<Record<string, string>>, mongoose = 'mongoose') {
    const folder = await createFolder({ 'package.json': '{}', ...files });
    folders.push(folder);
    await mkdir(join(folder.path, 'node_modules'));
    for (const [name, target] of [
      ['mongoose', `node_modules/${mongoose}`],
      ['godwit', '.'],
    ] as const) {
      await symlink(resolve(target), join(folder.path, 'node_modules', name), 'junction');
    }
    const url = server.databaseUrl();
    const db = client.db(new URL(url).pathname.slice(1));
    const options = { cwd: folder.path, env: { MONGODB_URI: url } };
    return { folder, db, options };
  }

  it.each(['mongoose7', 'mongoose8', 'mongoose'])(
    'finds every kind of model, with %s',
    async (major) => {
      const { db, options } = await project(MODELS, major);
      const check = await runJson<SyncPlan>(['sync', '--check'], options);
      expect(check.code).toBe(3);
      expect(check.json.definitions.map(({ id }) => id).sort()).toEqual(
        [
          ...NAMES.map((name) => `create-collection ${name}`),
          ...['children.name_1', 'fees.amount_-1', 'sessions.at_1_fee_1', 'users.email_1'].map(
            (name) => `create-index ${name}`,
          ),
        ].sort(),
      );
      // Looking writes nothing: not godwit, and not mongoose.
      expect(await db.listCollections().toArray()).toEqual([]);
      // The rest is the same for all.
      if (major !== 'mongoose') return;
      const done = await runCli(['sync'], options);
      expect(done.stderr).toBe('');
      expect(done.code).toBe(0);
      expect(done.stdout).toContain('create-index users.email_1');
      const again = await runJson<SyncPlan>(['sync', '--check'], options);
      expect(again).toMatchObject({ code: 0, json: { drift: false, summary: { defined: 5 } } });
      const made = (await db.listCollections().toArray()).map(({ name }) => name);
      expect(made.filter((name) => !name.startsWith('godwit_')).sort()).toEqual(NAMES);
    },
  );

  it('shows duplicates, exits 1 for them, and 5 for what nobody confirmed', async () => {
    const { db, options } = await project({ 'models/user.js': MODELS['models/user.js'] });
    await db.collection('users').insertMany([{ email: 'a@b.c' }, { email: 'a@b.c' }]);
    await db.collection('users').createIndex({ old: 1 });
    const failed = await runCli(['sync'], options);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('{"email":"a@b.c"} 2 times');
    await db.collection('users').deleteOne({});
    const production = { ...options, env: { ...options.env, NODE_ENV: 'production' } };
    const refused = await runJson<{ error: { code: string } }>(['sync'], production);
    expect(refused).toMatchObject({
      code: 5,
      json: { error: { code: 'GODWIT_CONFIRMATION_NEEDED' } },
    });
    const agreed = await runJson<SyncReport>(['sync', '--yes'], production);
    expect(agreed).toMatchObject({ code: 0, json: { summary: { done: 2 } } });
  });

  it('says what is wrong when there is nothing to sync, or it cannot be loaded', async () => {
    const empty = await project({});
    const none = await runJson<{ error: { code: string } }>(['sync'], empty.options);
    expect(none).toMatchObject({ code: 2, json: { error: { code: 'GODWIT_MODELS_MISSING' } } });
    const broken = await project({ 'models/a.js': 'require("mongoose");\nnope();\n' });
    const error = await runJson<{ error: unknown }>(['sync'], broken.options);
    const where = { file: 'models/a.js', line: 2 };
    expect(error).toMatchObject({
      code: 2,
      json: { error: { code: 'GODWIT_IMPORT_FAILED', where } },
    });
  });

  it('goes on where it was killed, and joins the build that the server goes on with', async () => {
    const { db, options } = await project({ 'models/user.js': MODELS['models/user.js'] });
    await db
      .collection('users')
      .insertMany(Array.from({ length: 200 }, (_, n) => ({ email: `${n}` })));
    const admin = client.db('admin');
    const hang = { configureFailPoint: 'hangAfterStartingIndexBuild' };
    await admin.command({ ...hang, mode: 'alwaysOn' });
    const first = startCli(['sync'], options);
    const building = { $match: { 'command.createIndexes': 'users', progress: { $exists: true } } };
    while (!(await admin.aggregate([{ $currentOp: {} }, building]).hasNext())) await sleep(20);
    first.kill('SIGKILL');
    await first.done;
    const check = await runJson<SyncPlan>(['sync', '--check'], options);
    expect(check.json.definitions).toMatchObject([{ reasons: ['is still being built'] }]);
    const second = startCli(['sync'], options);
    // Under the lock, and at work.
    const begun = { kind: 'definition', event: 'started' };
    while ((await db.collection('godwit_history').countDocuments(begun)) < 2) await sleep(20);
    await admin.command({ ...hang, mode: 'off' });
    expect((await second.done).code).toBe(0);
    expect((await runCli(['sync', '--check'], options)).code).toBe(0);
    const history = await runJson<{ runs: { status: string }[] }>(['history'], options);
    expect(history.json.runs.map(({ status }) => status)).toEqual(['interrupted', 'applied']);
  });

  it('is part of up, plan and status where the config says so', async () => {
    const { db, options } = await project({
      'models/user.js': MODELS['models/user.js'],
      'migrations/001_first.cjs':
        'exports.up = (db) => db.collection("users").insertOne({ email: "x" });\n',
      'godwit.config.json': JSON.stringify({ env: ['MONGODB_URI'], sync: true }),
    });
    expect((await runCli(['status', '--check'], options)).code).toBe(3);
    const plan = await runCli(['plan'], options);
    expect(plan.stdout).toContain('create index users.email_1');
    const up = await runJson<{ definitions: { status: string }[] }>(['up'], options);
    expect(up).toMatchObject({ code: 0, json: { definitions: [{ status: 'done' }] } });
    expect((await runCli(['status', '--check'], options)).code).toBe(0);
    await db.collection('users').dropIndex('email_1');
    expect((await runCli(['status', '--check'], options)).code).toBe(3);
    const text = await runCli(['up'], options);
    expect(text.stdout).toContain('1 definition brought in line');
  });
});
