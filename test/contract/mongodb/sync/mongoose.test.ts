import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAJORS, type Major, mongooseOf, openProjects, type SyncProjects } from './project.ts';

const USER = `
const mongoose = require('mongoose');
const schema = new mongoose.Schema({
  email: { type: String, required: true, unique: true },
  name: { type: String, index: true },
  tags: [String],
  bio: String,
  address: { city: { type: String, index: -1 } },
  expiresAt: { type: Date, expires: '7d' },
});
schema.index({ name: 1, email: -1 }, { name: 'by_name', sparse: true });
schema.index({ bio: 'text', name: 'text' }, { weights: { bio: 5 } });
schema.index({ 'address.city': 1, name: 1 }, { partialFilterExpression: { name: { $exists: true } } });
module.exports = mongoose.model('User', schema);
`;
const EVENTS = `
const mongoose = require('mongoose');
const options = { discriminatorKey: 'kind', collation: { locale: 'en', strength: 2 } };
const Event = mongoose.model('Event', new mongoose.Schema({ at: { type: Date, index: true } }, options));
const click = new mongoose.Schema({ x: Number });
click.index({ x: 1 });
exports.Click = Event.discriminator('Click', click);
mongoose.model('Log', new mongoose.Schema({ m: String }, { capped: { size: 4096, max: 10 } }));
mongoose.model('Reading', new mongoose.Schema({ t: Date, s: String },
  { timeseries: { timeField: 't', metaField: 's', granularity: 'minutes' }, expireAfterSeconds: 3600 }));
mongoose.model('Cluster', new mongoose.Schema({ _id: String, n: { type: Number, index: true } },
  { clusteredIndex: { key: { _id: 1 }, unique: true } }));
`;

/** Mongoose always finds something where a schema has a collation, so what it finds is compared. */
async function differences(mongoose: ReturnType<typeof mongooseOf>): Promise<unknown[]> {
  return Promise.all(Object.values(mongoose.models).map((model) => model.diffIndexes()));
}

describe.each(Object.keys(MAJORS).map((major) => Number(major) as Major))(
  'sync with mongoose %i',
  (major) => {
    let projects: SyncProjects;
    beforeAll(async () => {
      projects = await openProjects();
    });
    afterAll(() => projects.stop());
    afterEach(() => projects.clean());

    it('makes what mongoose itself would make, and finds nothing to do then', async () => {
      const files = { 'models/user.js': USER, 'models/events.js': EVENTS };
      const ours = await projects.open(files, major);
      const report = await ours.migrator().sync();
      expect(report.error).toBeUndefined();
      expect((await ours.migrator().planSync()).definitions).toEqual([]);

      const theirs = await projects.open({}, major);
      const mongoose = mongooseOf(ours);
      expect(mongoose.version.startsWith(String(major))).toBe(true);
      // What loading left behind would show here.
      expect(mongoose.connections.every(({ readyState }) => readyState === 0)).toBe(true);
      await mongoose.connect(theirs.url, { autoIndex: false, autoCreate: false });
      try {
        for (const model of Object.values(mongoose.models)) {
          await model.createCollection();
          await model.syncIndexes();
        }
        const left = await differences(mongoose);
        const names = (await theirs.db.listCollections().toArray()).map(({ name }) => name).sort();
        const made = (await ours.db.listCollections().toArray()).map(({ name }) => name);
        expect(made.filter((name) => !name.startsWith('godwit_')).sort()).toEqual(names);
        for (const name of names.filter((one) => !one.startsWith('system.'))) {
          expect(await ours.indexes(name)).toEqual(await theirs.indexes(name));
          const [info] = await theirs.db.listCollections({ name }).toArray();
          const [own] = await ours.db.listCollections({ name }).toArray();
          expect((own as { options: unknown }).options).toEqual(
            (info as { options: unknown }).options,
          );
        }
        // And mongoose finds nothing to do in what godwit made.
        await mongoose.disconnect();
        await mongoose.connect(ours.url, { autoIndex: false, autoCreate: false });
        expect(await differences(mongoose)).toEqual(left);
      } finally {
        await mongoose.disconnect();
      }
    });

    it('changes, drops and rebuilds as syncIndexes does', async () => {
      const ours = await projects.open({ 'models/user.js': USER }, major);
      const theirs = await projects.open({}, major);
      for (const { db } of [ours, theirs]) {
        const users = db.collection('users');
        await users.createIndex({ email: 1 });
        // Mongoose 7 fails on one that matches under another name.
        if (major > 7) await users.createIndex({ name: 1 }, { name: 'old_name' });
        await users.createIndex({ name: 1, email: -1 }, { name: 'by_name' });
        await users.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 60 });
        await users.createIndex({ gone: 1 });
        await users.createIndex({ bio: 'text' });
      }
      const report = await ours.migrator().sync({ rebuild: true });
      expect(report.error).toBeUndefined();
      const mongoose = mongooseOf(ours);
      await mongoose.connect(theirs.url, { autoIndex: false, autoCreate: false });
      try {
        await mongoose.model('User').syncIndexes();
      } finally {
        await mongoose.disconnect();
      }
      expect(await ours.indexes('users')).toEqual(await theirs.indexes('users'));
    });
  },
);
