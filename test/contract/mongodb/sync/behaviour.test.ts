import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GodwitEvent } from '../../../../src/events.ts';
import type { CollectionDefinition } from '../../../../src/ports/definition.ts';
import { rounds } from '../../../support/rounds.ts';
import { openProjects, type SyncProject, type SyncProjects } from './project.ts';

const DAY = 86_400_000;

describe.each([
  ['replica set', true],
  ['standalone', false],
])('sync on a %s', (_name, replicaSet) => {
  let projects: SyncProjects;
  beforeAll(async () => {
    projects = await openProjects(replicaSet);
  });
  afterAll(() => projects.stop());
  afterEach(() => projects.clean());

  const define = (project: SyncProject, ...collections: CollectionDefinition[]) =>
    project.migrator({ collections });

  it('creates everything that can be defined, and then finds it as defined', async () => {
    const project = await projects.open({
      'collections/a.js': `const { defineCollection } = require('godwit');
        exports.users = defineCollection({ name: 'users',
          indexes: [{ key: { email: 1 }, unique: true }, { key: { at: -1 }, expireAfterSeconds: 60 },
            { key: { bio: 'text' }, default_language: 'german' }, { key: { '$**': 1 }, wildcardProjection: { a: 1 } }],
          validator: { $jsonSchema: { required: ['email'] } }, validationAction: 'warn',
          options: { collation: { locale: 'de', strength: 1 } } });
        exports.capped = defineCollection({ name: 'capped', options: { capped: true, size: 5000, max: 3 } });`,
      'collections/b.mjs': `import { defineCollection } from 'godwit';
        export default [
          defineCollection({ name: 'grown', view: { viewOn: 'some', pipeline: [{ $match: { age: { $gt: 17 } } }] } }),
          defineCollection({ name: 'some', view: { viewOn: 'users', pipeline: [] } }),
        ];`,
      'collections/c.ts': `import { defineCollection } from 'godwit';
        const series: { timeField: string; metaField: string } = { timeField: 't', metaField: 'm' };
        export default defineCollection({ name: 'readings', options: { timeseries: series, expireAfterSeconds: 3600 } });`,
    });
    const plan = await project.migrator().planSync();
    const order = plan.definitions.map(({ action }) => action);
    expect(order.lastIndexOf('create-collection')).toBeLessThan(order.indexOf('create-index'));
    const report = await project.migrator().sync();
    expect(report.error).toBeUndefined();
    expect(report.summary.done).toBe(9);
    expect((await project.migrator().planSync()).definitions).toEqual([]);
    const views = await project.db.listCollections({ type: 'view' }).toArray();
    expect(views.map(({ name }) => name).sort()).toEqual(['grown', 'some']);
    const { runs } = await project.migrator().history();
    expect(runs).toMatchObject([{ kind: 'definition', status: 'applied', name: 'sync' }]);
    expect((await project.migrator({ dir: '.' }).status()).migrations).toEqual([]);
  });

  it('changes in place what can be: expiry, validator, hidden, unique, views', async () => {
    const project = await projects.open({});
    const before: CollectionDefinition[] = [
      {
        name: 'c',
        indexes: [{ key: { at: 1 }, expireAfterSeconds: 60 }, { key: { n: 1 } }, { key: { h: 1 } }],
      },
      { name: 'v', view: { viewOn: 'c', pipeline: [{ $match: { a: 1 } }] } },
    ];
    await define(project, ...before).sync();
    await project.db.command({ collMod: 'c', index: { name: 'h_1', hidden: true } });
    const after: CollectionDefinition[] = [
      {
        name: 'c',
        validator: { n: { $exists: true } },
        indexes: [
          { key: { at: 1 }, expireAfterSeconds: 30 },
          { key: { n: 1 }, unique: true },
          { key: { h: 1 } },
        ],
      },
      { name: 'v', view: { viewOn: 'c', pipeline: [{ $match: { a: 2 } }] } },
    ];
    const report = await define(project, ...after).sync();
    expect(report.error).toBeUndefined();
    expect(report.definitions.map(({ id, status }) => `${status} ${id}`)).toEqual([
      'done change-index c.at_1',
      'done change-index c.h_1',
      'done change-index c.n_1',
      'done change-view v',
      'done set-validator c',
    ]);
    expect((await define(project, ...after).planSync()).drift).toBe(false);
  });

  it('names the values that a unique index would fail on, and drops nothing then', async () => {
    const project = await projects.open({});
    const users = project.db.collection<{ _id: number; email: string; tags?: string[] }>('users');
    await users.insertMany([
      { _id: 1, email: 'a@b.c', tags: ['x', 'x'] },
      { _id: 2, email: 'a@b.c', tags: [] },
      { _id: 3, email: 'd@e.f' },
      { _id: 4, email: 'g@h.i', tags: ['y'] },
    ]);
    await users.createIndex({ old: 1 });
    const unique: CollectionDefinition = {
      name: 'users',
      indexes: [
        { key: { email: 1 }, unique: true },
        { key: { tags: 1 }, unique: true },
      ],
    };
    const report = await define(project, unique).sync();
    expect(report.error?.code).toBe('GODWIT_DEFINITION_FAILED');
    expect(report.definitions.find(({ index }) => index === 'email_1')).toMatchObject({
      status: 'blocked',
      offending: [{ key: { email: 'a@b.c' }, count: 2, ids: [1, 2] }],
    });
    // An empty list and none at all are two values to the server.
    expect(report.definitions.find(({ index }) => index === 'tags_1')?.status).toBe('done');
    expect((await project.indexes('users')).map(({ name }) => name)).toContain('old_1');
    await users.deleteOne({ _id: 2 });
    expect((await define(project, unique).sync()).error).toBeUndefined();
    expect((await project.indexes('users')).map(({ name }) => name)).toEqual([
      '_id_',
      'email_1',
      'tags_1',
    ]);
  });

  it('rebuilds only when that is allowed, and the new one first where both can be', async () => {
    const project = await projects.open({});
    const c = project.db.collection('c');
    await c.createIndex({ a: 1 });
    await c.createIndex({ b: 1 }, { unique: true, name: 'plain' });
    const wanted: CollectionDefinition = {
      name: 'c',
      indexes: [
        { key: { a: 1 }, sparse: true },
        { key: { b: 1 }, sparse: true, name: 'other' },
      ],
    };
    const refused = await define(project, wanted).sync();
    expect(refused.error?.code).toBe('GODWIT_REBUILD_NEEDED');
    expect((await project.indexes('c')).map(({ name }) => name)).toEqual(['_id_', 'a_1', 'plain']);
    const plan = await define(project, wanted).planSync({ rebuild: true });
    expect(plan.definitions.map(({ steps }) => steps.map((step) => step.do))).toEqual([
      ['dropIndex', 'createIndex'],
      ['createIndex', 'dropIndex'],
    ]);
    expect((await define(project, wanted).sync({ rebuild: true })).error).toBeUndefined();
    expect((await define(project, wanted).planSync()).definitions).toEqual([]);
  });

  it('hides an index before it drops it, and shows it again when it is wanted again', async () => {
    const project = await projects.open({});
    await project.db.collection('c').createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }]);
    const none: CollectionDefinition = { name: 'c', indexes: [] };
    const hideForMs = 7 * DAY;
    const first = await define(project, none).sync({ hideForMs });
    expect(first.summary.done).toBe(2);
    expect(await project.indexes('c')).toMatchObject([
      {},
      { name: 'a_1', hidden: true },
      { name: 'b_1', hidden: true },
    ]);
    const waiting = await define(project, none).planSync({ hideForMs });
    expect(waiting).toMatchObject({ drift: false, summary: { waiting: 2 } });
    const again: CollectionDefinition = { name: 'c', indexes: [{ key: { a: 1 } }] };
    await define(project, again).sync({ hideForMs });
    const hidden = project.db.collection('godwit_hidden_indexes');
    expect(await hidden.find().toArray()).toMatchObject([{ collection: 'c', index: 'b_1' }]);
    await hidden.updateOne({}, { $set: { since: new Date(Date.now() - 8 * DAY) } });
    await define(project, again).sync({ hideForMs });
    expect((await project.indexes('c')).map(({ name, hidden: is }) => [name, is])).toEqual([
      ['_id_', undefined],
      ['a_1', undefined],
    ]);
    expect(await hidden.countDocuments()).toBe(0);
  });

  it('leaves alone what it is told to, and what nothing defines', async () => {
    const project = await projects.open({});
    await project.db
      .collection('c')
      .createIndexes([{ key: { a: 1 }, name: 'analytics_a' }, { key: { b: 1 } }]);
    await project.db.collection('others').insertOne({ a: 1 });
    const wanted: CollectionDefinition = { name: 'c', indexes: [], ignore: ['analytics_*'] };
    expect((await define(project, wanted).sync({ drop: false })).definitions).toEqual([]);
    await define(project, wanted).sync();
    expect((await project.indexes('c')).map(({ name }) => name)).toEqual(['_id_', 'analytics_a']);
    expect(await project.db.listCollections({ name: 'others' }).hasNext()).toBe(true);
  });

  it('says what can only be chosen when a collection is created', async () => {
    const project = await projects.open({});
    await project.db.createCollection('c');
    const wanted: CollectionDefinition = {
      name: 'c',
      options: { capped: true, size: 4096, collation: { locale: 'en' } },
    };
    const report = await define(project, wanted).sync();
    expect(report.error?.message).toContain('capped');
    expect(report.definitions).toMatchObject([{ action: 'conflict', status: 'blocked' }]);
  });

  it('asks for consent in production before anything is taken away', async () => {
    const project = await projects.open({});
    await project.db.collection('c').createIndex({ a: 1 });
    const collections: CollectionDefinition[] = [{ name: 'c', indexes: [{ key: { b: 1 } }] }];
    const migrator = () => project.migrator({ collections, environment: 'production' });
    await expect(migrator().sync()).rejects.toMatchObject({ code: 'GODWIT_CONFIRMATION_NEEDED' });
    expect((await project.indexes('c')).map(({ name }) => name)).toEqual(['_id_', 'a_1']);
    await migrator().sync({ confirmed: true });
    expect((await project.indexes('c')).map(({ name }) => name)).toEqual(['_id_', 'b_1']);
  });

  it('is done by up under its lock, and seen by plan and status', async () => {
    const project = await projects.open({
      'migrations/001_a.cjs': 'exports.up = (db) => db.collection("c").insertOne({ a: 1 });',
    });
    const collections: CollectionDefinition[] = [
      { name: 'c', indexes: [{ key: { a: 1 }, unique: true }] },
    ];
    const migrator = () => project.migrator({ collections, sync: true });
    expect((await migrator().plan()).definitions).toMatchObject([
      { id: 'create-collection c' },
      { id: 'create-index c.a_1' },
    ]);
    expect((await migrator().status()).definitions).toHaveLength(2);
    const events: GodwitEvent[] = [];
    const one = migrator();
    one.on((event) => events.push(event));
    const report = await one.up();
    expect(report).toMatchObject({ summary: { applied: 1 }, definitions: [{ status: 'done' }] });
    expect(events.filter(({ type }) => type === 'lock.acquired')).toHaveLength(1);
    expect((await migrator().status()).definitions).toEqual([]);
    expect(await project.migrator({ collections }).status()).not.toHaveProperty('definitions');
    // Duplicates fail it, and are named.
    await project.db.collection('d').insertMany([{ a: 1 }, { a: 1 }]);
    collections.push({ name: 'd', indexes: [{ key: { a: 1 }, unique: true }] });
    expect((await migrator().up()).error?.code).toBe('GODWIT_DEFINITION_FAILED');
  });

  it('is done once by several at a time', async () => {
    for (let round = 0; round < rounds(2, 30); round++) {
      const project = await projects.open({});
      const collections: CollectionDefinition[] = Array.from({ length: 5 }, (_, n) => ({
        name: `c${n}`,
        indexes: [{ key: { a: 1 } }, { key: { b: 1 }, unique: true }],
      }));
      await project.db.collection('c0').createIndex({ z: 1 });
      const reports = await Promise.all(
        [1, 2, 3].map(() => define(project, ...collections).sync()),
      );
      expect(reports.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
      expect(reports.filter(({ summary }) => summary.done > 0)).toHaveLength(1);
      expect((await define(project, ...collections).planSync()).drift).toBe(false);
    }
  });
});
