import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { startBinary } from '../../cli/binary.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const MODEL = `const mongoose = require('mongoose');
const child = new mongoose.Schema({ name: String, level: Number });
child.index({ name: 1 });
module.exports = mongoose.models.Child ?? mongoose.model('Child', child);`;

/** The usual way with Mongoose: a migration requires the model, and nobody connects. */
describe.each(['mongoose', 'mongoose8', 'mongoose7'])(
  'models that a migration requires, %s',
  (name) => {
    let server: TestMongod;
    let folder: TestFolder;
    let client: MongoClient;
    let db: Db;
    let url: string;

    beforeAll(async () => {
      server = await startMongod();
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      url = server.databaseUrl();
      client = await new MongoClient(url).connect();
      db = client.db();
      folder = await createFolder();
      await folder.write({
        'package.json': '{}',
        'models/Child.js': MODEL,
        'node_modules/.keep': '',
      });
      await symlink(resolve('node_modules', name), join(folder.path, 'node_modules/mongoose'));
    });
    afterEach(async () => {
      await client.close();
      await folder.remove();
    });

    const up = () =>
      startBinary(['up', '--json'], { cwd: folder.path, env: { MONGODB_URI: url } }).ended;

    it('are connected, guarded and counted, and create nothing by themselves', async () => {
      await folder.write({
        'migrations/001_children.js': `const Child = require('../models/Child');
module.exports = {
  up: async () => { await Child.insertMany([{ name: 'a' }, { name: 'b' }]); },
  down: async () => { await Child.deleteMany({}); },
};`,
        'migrations/002_level.js': `const Child = require('../models/Child');
module.exports = {
  transaction: true,
  up: async () => { await Child.updateMany({}, { level: 1 }); },
  down: async () => {},
};`,
        'migrations/003_fails.js': `const Child = require('../models/Child');
module.exports = {
  transaction: true,
  up: async () => { await Child.updateMany({}, { level: 2 }); throw new Error('no'); },
  down: async () => {},
};`,
      });
      const { code, out } = await up();
      expect(code).toBe(1);
      const { runs } = JSON.parse(out) as {
        runs: { id: string; status: string; counts: unknown }[];
      };
      expect(runs.map((run) => run.status)).toEqual(['applied', 'applied', 'failed']);
      expect(runs[0]?.counts).toMatchObject({ children: { inserted: 2 } });
      // What the third one did was in its transaction.
      expect(await db.collection('children').distinct('level')).toEqual([1]);
      expect((await db.collection('children').indexes()).map((index) => index.name)).toEqual([
        '_id_',
      ]);
    });

    it('go where a migration connects them by itself, and come back', async () => {
      const elsewhere = server.databaseUrl();
      await folder.write({
        'migrations/001_own.js': `const mongoose = require('mongoose');
const Child = require('../models/Child');
module.exports = {
  up: async () => {
    await mongoose.connect(process.env.ELSEWHERE);
    await Child.create({ name: 'there' });
    await mongoose.disconnect();
  },
};`,
        'migrations/002_here.js': `const Child = require('../models/Child');
module.exports = { up: async () => { await Child.create({ name: 'here' }); } };`,
      });
      const env = { MONGODB_URI: url, ELSEWHERE: elsewhere };
      const { code, out, err } = await startBinary(['up'], { cwd: folder.path, env }).ended;
      expect(code, out + err).toBe(0);
      expect(await db.collection('children').distinct('name')).toEqual(['here']);
      const name = new URL(elsewhere).pathname.slice(1);
      expect(await client.db(name).collection('children').distinct('name')).toEqual(['there']);
    });
  },
);
