import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MigratorOptions } from '../../../../src/app/options.ts';
import {
  MAJORS,
  type Major,
  openProjects,
  type SyncProject,
  type SyncProjects,
} from './project.ts';

type Mongoose = typeof import('mongoose');

/** A mongoose of its own, so that models of one name can be made in several versions. */
function fresh(major: Major): Mongoose {
  const mongoose = createRequire(import.meta.url)(MAJORS[major]) as Mongoose;
  const own = new mongoose.Mongoose() as Mongoose;
  own.set('autoIndex', false).set('autoCreate', false);
  return own;
}

function usersNow(mongoose: Mongoose) {
  const item = new mongoose.Schema({
    sku: { type: String, required: true },
    qty: { type: Number, required: true, default: 1 },
  });
  const schema = new mongoose.Schema({
    name: { type: String, required: true, maxlength: 50 },
    email: { type: String, unique: true },
    active: { type: Boolean, required: true, default: true },
    role: { type: String, enum: ['admin', 'user'], default: 'user' },
    age: { type: Number, min: 0, max: [150, 'too old'] },
    address: { city: String, country: { type: String, required: true, default: "Côte d'Ivoire" } },
    items: [item],
    tags: [String],
    meta: {},
  });
  schema.index({ name: 1, active: -1 });
  return [
    mongoose.model('User', schema),
    mongoose.model('Feedback', new mongoose.Schema({ text: String })),
  ];
}

describe.each(Object.keys(MAJORS).map((major) => Number(major) as Major))(
  'create --from-models, mongoose %i',
  (major) => {
    let projects: SyncProjects;
    beforeAll(async () => {
      projects = await openProjects();
    });
    afterAll(() => projects.stop());
    afterEach(() => projects.clean());

    async function oldUsers(): Promise<SyncProject> {
      const project = await projects.open({}, major);
      const users = project.db.collection('users');
      await users.insertMany([
        {
          fullname: 'A',
          email: 'a',
          nick: 'x',
          age: 3,
          items: [{ sku: 's' }, { sku: 't', qty: 2 }],
          meta: { any: 1 },
        },
        { fullname: 'B', email: 'b', address: { city: 'c' } },
      ]);
      await users.createIndex({ fullname: 1 });
      return project;
    }

    const open = (project: SyncProject, models: readonly unknown[], more: MigratorOptions = {}) =>
      project.migrator({ models, dir: 'migrations', ...more });

    async function shape(project: SyncProject) {
      const infos = await project.db.listCollections().toArray();
      const own = infos.filter(({ name }) => !name.startsWith('godwit_')) as {
        name: string;
        options?: object;
      }[];
      const sorted = own.sort((a, b) => (a.name < b.name ? -1 : 1));
      return Promise.all(
        sorted.map(async ({ name, options }) => ({
          name,
          options,
          indexes: await project.indexes(name),
        })),
      );
    }

    it('writes what runs as written, up and down', async () => {
      const project = await oldUsers();
      const was = await shape(project);
      const models = usersNow(fresh(major));
      const how = { renames: ['users.fullname:name'], removals: ['nick'] };
      const { files } = await open(project, models).create('from models', {
        fromModels: true,
        ...how,
      });
      expect(files).toHaveLength(1);
      const text = await readFile(join(project.folder.path, files[0] ?? ''), 'utf8');
      expect(text).toContain('$rename');
      const up = await open(project, models).up();
      expect(up.runs.map(({ error }) => error?.message)).toEqual([undefined]);
      const users = project.db.collection('users');
      expect(
        await users
          .find({}, { projection: { _id: 0 } })
          .sort({ email: 1 })
          .toArray(),
      ).toEqual([
        {
          ...{ name: 'A', email: 'a', active: true, age: 3, meta: { any: 1 } },
          ...{
            items: [
              { sku: 's', qty: 1 },
              { sku: 't', qty: 2 },
            ],
            address: { country: "Côte d'Ivoire" },
          },
        },
        { name: 'B', email: 'b', active: true, address: { city: 'c', country: "Côte d'Ivoire" } },
      ]);
      const wrong = [
        { email: 'x', active: true, address: { country: 'x' } },
        { name: 'x', email: 'x', active: true, address: { country: 'x' }, role: 'boss' },
        { name: 'x', email: 'x', active: true, address: { country: 'x' }, age: -1 },
        { name: 'x', email: 'x', active: true, address: { country: 'x' }, items: [{ qty: 1 }] },
      ];
      for (const one of wrong)
        await expect(users.insertOne(one)).rejects.toMatchObject({ code: 121 });
      // What mongoose itself saves is good.
      const mongoose = fresh(major);
      const [User] = usersNow(mongoose);
      await mongoose.connect(project.url);
      await User?.create({ name: 'C', email: 'c', items: [{ sku: 'u' }], age: null });
      await mongoose.disconnect();
      await users.deleteOne({ name: 'C' });
      // Nothing is left to write, and the indexes are mongoose's.
      expect(await open(project, models).create('again', { fromModels: true })).toEqual({
        files: [],
      });
      expect((await open(project, models).planSync()).definitions).toEqual([]);

      const down = await open(project, models).down();
      expect(down.runs.map(({ error }) => error?.message)).toEqual([undefined]);
      const now = await shape(project);
      // An empty validator is none.
      expect(now.map((one) => ({ ...one, options: {} }))).toEqual(was);
      expect(await users.findOne({ email: 'a' }, { projection: { _id: 0 } })).toEqual({
        ...{ fullname: 'A', email: 'a', age: 3, meta: { any: 1 }, address: {} },
        // Some had it before, so it is nobody's to take away.
        items: [
          { sku: 's', qty: 1 },
          { sku: 't', qty: 2 },
        ],
      });
      expect((await open(project, models).up()).summary).toMatchObject({ applied: 1 });
    });

    it('never guesses a rename: what is gone stays, with the candidates in a comment', async () => {
      const project = await oldUsers();
      const models = usersNow(fresh(major));
      const { fields } = await open(project, models).modelChanges();
      expect(fields.flatMap(({ removed }) => removed)).toEqual([
        { collection: 'users', field: 'fullname', candidates: ['name', 'role', 'address.country'] },
        { collection: 'users', field: 'nick', candidates: ['name', 'role', 'address.country'] },
      ]);
      const { files } = await open(project, models).create('x', { fromModels: true });
      const text = await readFile(join(project.folder.path, files[0] ?? ''), 'utf8');
      expect(text).toContain('// Was it renamed? --rename users.fullname:name');
      expect(text).toContain('// users.name is required and has no default');
      // Every document has it.
      expect(text).not.toContain('users.items.$.sku is required');
      expect(text).not.toMatch(/^\s*(?!\/\/).*\$rename/m);
      const wrong = open(project, models).create('y', {
        fromModels: true,
        renames: ['users.nope:name'],
      });
      await expect(wrong).rejects.toMatchObject({ code: 'GODWIT_USAGE' });
    });

    it('compares with the last snapshot, which needs no database', async () => {
      const project = await projects.open({}, major);
      const offline = { url: 'mongodb://127.0.0.1:9/nowhere' };
      const mongoose = fresh(major);
      const first = [mongoose.model('User', new mongoose.Schema({ name: String, old: Number }))];
      const made = await open(project, first, offline).create('first', {
        fromModels: true,
        snapshot: true,
      });
      expect(made.files).toHaveLength(2);
      expect((await open(project, first).up()).summary.applied).toBe(1);
      const models = usersNow(fresh(major));
      const second = await open(project, models, offline).create('second', {
        fromModels: true,
        removals: ['old'],
      });
      expect(second.files).toHaveLength(2);
      expect((await open(project, models).up()).runs.map(({ error }) => error?.message)).toEqual([
        undefined,
      ]);
      expect(await open(project, models, offline).create('third', { fromModels: true })).toEqual({
        files: [],
      });
      expect(
        (await open(project, models, { sync: { validators: true } }).planSync()).definitions,
      ).toEqual([]);
      expect(
        (await open(project, models).down({ all: true })).runs.map(({ error }) => error?.message),
      ).toEqual([undefined, undefined]);
      expect((await shape(project)).map(({ name }) => name)).toEqual([]);
      expect(await readdir(join(project.folder.path, 'migrations'))).toHaveLength(3);
    });
  },
);
