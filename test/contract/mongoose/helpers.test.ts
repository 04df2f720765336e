import type { Db } from 'mongodb';
import mongoose, { type ClientSession, type Connection, type Model } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MigrationHelper } from '../../../src/mongoose.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';

const QUIET = { strict: false, autoCreate: false, autoIndex: false } as const;

// biome-ignore lint/suspicious/noExplicitAny: documents that break every schema
type AnyModel = Model<any>;

describe.each([
  ['a replica set', true],
  ['a standalone', false],
] as const)('MigrationHelper on %s', (_name, hasTransactions) => {
  let server: TestMongod;
  let connection: Connection;
  let db: Db;
  let Thing: AnyModel;
  let Other: AnyModel;

  beforeAll(async () => {
    const parameters = { enableTestCommands: '1' };
    server = await startMongod({ replicaSet: hasTransactions, parameters });
  });

  beforeEach(async () => {
    await connection?.destroy();
    connection = mongoose.createConnection(server.databaseUrl());
    await connection.asPromise();
    db = connection.db as unknown as Db;
    const ref = mongoose.Schema.Types.ObjectId;
    const model = (name: string, fields: object) =>
      connection.model(name, new mongoose.Schema(fields as never, QUIET)) as unknown as AnyModel;
    Thing = model('Thing', { ref });
    Other = model('Other', {});
  });

  afterAll(async () => {
    await connection?.destroy();
    await server?.stop();
  });

  const fill = (...documents: object[]) =>
    db
      .collection('things')
      .insertMany(documents.map((one, i) => ({ _id: i + 1, ...one })) as never);
  const things = () => db.collection('things').find().sort({ _id: 1 }).toArray();

  /** Does it twice: the second time nothing may change. */
  async function twice(work: () => Promise<{ readonly modifiedCount: number }>): Promise<object[]> {
    const first = await work();
    const after = await things();
    expect(await work()).toMatchObject({ modifiedCount: 0 });
    expect(await things()).toEqual(after);
    return [first, ...after];
  }

  it('keeps the smallest _id of duplicates, of whatever type they are', async () => {
    const { Decimal128 } = mongoose.mongo;
    const days = ['2020-01-06', '2021-01-04', '2022-04-01'].map((day) => new Date(day));
    const decimals = ['9', '10'].map((text) => Decimal128.fromString(text));
    for (const ids of [days, decimals, [9, 10]]) {
      await db.collection('things').insertMany(ids.map((_id) => ({ _id, f: 1 })) as never);
      expect(await MigrationHelper.removeDuplicates(Thing, 'f')).toMatchObject({
        deletedCount: ids.length - 1,
      });
      expect((await things()).map(({ _id }) => String(_id))).toEqual([String(ids[0])]);
      await db.collection('things').deleteMany({});
    }
  });

  it('adds fields where they are missing, through objects and arrays', async () => {
    await fill({}, { f: null }, { f: 0 });
    expect(await twice(() => MigrationHelper.addField(Thing, 'f', { x: '$no' }))).toEqual([
      { matchedCount: 1, modifiedCount: 1 },
      { _id: 1, f: { x: '$no' } },
      { _id: 2, f: null },
      { _id: 3, f: 0 },
    ]);
    await db.collection('things').deleteMany({});
    await fill(
      {},
      { a: null },
      { a: {} },
      { a: [{ b: 1 }, {}, 5, null] },
      { a: { b: null } },
      { a: 'x' },
    );
    expect(await twice(() => MigrationHelper.addField(Thing, 'a.b', 7))).toEqual([
      { matchedCount: 3, modifiedCount: 3, skippedCount: 2 },
      { _id: 1, a: { b: 7 } },
      { _id: 2, a: null },
      { _id: 3, a: { b: 7 } },
      { _id: 4, a: [{ b: 1 }, { b: 7 }, 5, null] },
      { _id: 5, a: { b: null } },
      { _id: 6, a: 'x' },
    ]);
    await twice(() => MigrationHelper.removeField(Thing, 'a.b'));
    expect(await things()).toMatchObject([
      { a: {} },
      { a: null },
      { a: {} },
      { a: [{}, {}, 5, null] },
      { a: {} },
      { a: 'x' },
    ]);
  });

  it('renames and copies, null too, and refuses to lose a value', async () => {
    await fill({ a: 1 }, { a: null }, {}, { a: 1, b: 2 });
    await expect(MigrationHelper.renameField(Thing, 'a', 'b')).rejects.toMatchObject({
      code: 'GODWIT_HELPER_REFUSED',
    });
    const kept = await twice(() =>
      MigrationHelper.renameField(Thing, 'a', 'b', { onConflict: 'keep' }),
    );
    expect(kept.slice(1)).toEqual([
      { _id: 1, b: 1 },
      { _id: 2, b: null },
      { _id: 3 },
      { _id: 4, a: 1, b: 2 },
    ]);
    const copied = await twice(() => MigrationHelper.copyField(Thing, 'b', 'c.d'));
    expect(copied.slice(1)).toMatchObject([
      { c: { d: 1 } },
      { c: { d: null } },
      { _id: 3 },
      { c: { d: 2 } },
    ]);
    await db.collection('things').deleteMany({});
    await fill({ l: [{ x: 1 }, { y: 2 }, 3] });
    const inside = await twice(() => MigrationHelper.renameField(Thing, 'l.x', 'l.z'));
    expect(inside[1]).toEqual({ _id: 1, l: [{ z: 1 }, { y: 2 }, 3] });
  });

  it('cleans texts, and nothing else', async () => {
    await fill({ n: '  A  b\t', l: [' x ', 1] }, { n: null }, { n: 5 }, {}, { n: 'ok' });
    const [done, ...after] = await twice(() =>
      MigrationHelper.sanitizeStringFields(Thing, ['n', 'l'], { collapse: true, lowercase: ['n'] }),
    );
    expect(done).toMatchObject({ modifiedCount: 1 });
    expect(after).toEqual([
      { _id: 1, n: 'a b', l: ['x', 1] },
      { _id: 2, n: null },
      { _id: 3, n: 5 },
      { _id: 4 },
      { _id: 5, n: 'ok' },
    ]);
  });

  it('transforms each document, and writes what came back changed', async () => {
    await fill(...Array.from({ length: 2_500 }, (_, n) => ({ n, keep: { deep: [n] } })));
    const seen: number[] = [];
    const result = await MigrationHelper.transformData(
      Thing,
      { n: { $gte: 500 } },
      (doc) => {
        if (doc.n % 2) return null;
        doc.n += 10_000;
        doc.keep.deep.push('x');
        delete doc.gone;
        return doc;
      },
      { onProgress: ({ done }) => seen.push(done) },
    );
    expect(result).toEqual({ matchedCount: 2_000, modifiedCount: 1_000, failedCount: 0 });
    expect(seen.at(-1)).toBe(2_000);
    expect(
      await db.collection('things').countDocuments({ n: { $gte: 10_000 }, 'keep.deep.1': 'x' }),
    ).toBe(1_000);
    expect(await db.collection('things').countDocuments({ 'keep.deep.2': 'x' })).toBe(0);
    const dry = await MigrationHelper.transformData(Thing, {}, (doc) => ({ ...doc, n: 0 }), {
      dryRun: true,
    });
    expect(dry).toMatchObject({ matchedCount: 2_500, modifiedCount: 2_499, dryRun: true });
    await expect(
      MigrationHelper.transformData(Thing, {}, (doc) => ({ ...doc, _id: 'x' })),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^GODWIT_/) });
  });

  it('sends many changes in their order', async () => {
    await fill({ a: 1 }, { a: 1 });
    async function* updates() {
      yield { filter: { _id: 1 }, update: { b: 1 } };
      yield { filter: { b: 1 }, update: { $inc: { b: 1 } } };
      yield { filter: {}, update: { c: 1 }, multi: true };
      yield { insertOne: { document: { _id: 9 as never } } };
    }
    expect(await MigrationHelper.bulkUpdate(Thing, updates())).toMatchObject({
      matchedCount: 4,
      insertedCount: 1,
    });
    expect(await things()).toEqual([
      { _id: 1, a: 1, b: 2, c: 1 },
      { _id: 2, a: 1, c: 1 },
      { _id: 9 },
    ]);
  });

  it('removes duplicates, keeps whom it is told, and mends references', async () => {
    await fill(
      { e: 'a', at: 1 },
      { e: 'a', at: 3 },
      { e: 'b' },
      { e: null },
      {},
      { e: 'a', at: 2 },
      { e: null },
    );
    await db
      .collection('others')
      .insertMany([{ t: 1 }, { t: [6, 3] }, { list: [{ t: 6 }] }] as never);
    expect(await MigrationHelper.removeDuplicates(Thing, 'e', { dryRun: true })).toMatchObject({
      deletedCount: 2,
      dryRun: true,
    });
    const references = ['t', 'list.t'].map((field) => ({ model: Other, field }));
    const options = { keep: { at: -1 }, references } as const;
    expect(await MigrationHelper.removeDuplicates(Thing, 'e', options)).toEqual({
      duplicateValues: 1,
      deletedCount: 2,
      referencesUpdated: 3,
      skippedCount: 0,
    });
    expect((await things()).map(({ _id }) => _id)).toEqual([2, 3, 4, 5, 7]);
    expect(
      await db
        .collection('others')
        .find({}, { projection: { _id: 0 } })
        .toArray(),
    ).toEqual([{ t: 2 }, { t: [2, 3] }, { list: [{ t: 2 }] }]);
    expect(await MigrationHelper.removeDuplicates(Thing, 'e', options)).toMatchObject({
      deletedCount: 0,
    });
    expect(
      await MigrationHelper.removeDuplicates(Thing, 'e', { missing: true, keep: (all) => all[1] }),
    ).toMatchObject({ deletedCount: 2 });
    expect((await things()).map(({ _id }) => _id)).toEqual([2, 3, 5]);
  });

  it('lists what a unique index would not take, before it is begun', async () => {
    await fill({ e: 'a' }, { e: ['a', 'b'] }, { e: 'c' });
    for (const build of [
      () => MigrationHelper.createIndex(Thing, { e: 1 }, { unique: true }),
      () => MigrationHelper.createUniqueConstraint(Thing, ['e']),
    ]) {
      await expect(build()).rejects.toMatchObject({
        code: 'GODWIT_DUPLICATES',
        message: expect.stringContaining('"a": 2 documents, such as _id'),
      });
    }
    await db.collection('things').deleteOne({ _id: 2 as never });
    await db.collection('things').insertMany([{ _id: 4 }, { _id: 5, e: null }] as never);
    await expect(MigrationHelper.createUniqueConstraint(Thing, 'e')).rejects.toMatchObject({
      next: expect.arrayContaining([expect.stringContaining('partialFilterExpression')]),
    });
    const partial = { partialFilterExpression: { e: { $type: 'string' } } };
    expect(await MigrationHelper.createUniqueConstraint(Thing, 'e', partial)).toEqual({
      name: 'e_1',
      created: true,
    });
    expect(await MigrationHelper.createUniqueConstraint(Thing, 'e', partial)).toEqual({
      name: 'e_1',
      created: false,
    });
    await expect(MigrationHelper.createIndex(Thing, 'e')).rejects.toMatchObject({
      code: 'GODWIT_HELPER_REFUSED',
    });
    expect(await MigrationHelper.dropIndex(Thing, { e: 1 })).toEqual({
      name: 'e_1',
      dropped: true,
    });
    expect(await MigrationHelper.dropIndex(Thing, 'e_1')).toEqual({ name: 'e_1', dropped: false });
  });

  it('copies collections inside the server and through a function, and again', async () => {
    await fill({ n: 1 }, { n: 2 }, { n: 3 });
    expect(await MigrationHelper.migrateCollection(Thing, Other)).toEqual({
      readCount: 3,
      insertedCount: 3,
      skippedCount: 0,
    });
    await db.collection('others').updateOne({ _id: 1 as never }, { $set: { n: 'kept' } });
    await db.collection('others').deleteOne({ _id: 2 as never });
    expect(await MigrationHelper.migrateCollection(Thing, Other)).toMatchObject({
      insertedCount: 1,
    });
    expect(await db.collection('others').findOne({ _id: 1 as never })).toMatchObject({ n: 'kept' });
    await db.collection('others').drop();
    const make = (doc: { n: number }) => (doc.n === 2 ? null : { ...doc, n: -doc.n });
    for (const insertedCount of [2, 0]) {
      expect(await MigrationHelper.migrateCollection(Thing, Other, make)).toEqual({
        readCount: 3,
        insertedCount,
        skippedCount: 3 - insertedCount,
      });
    }
    expect(await db.collection('others').find().toArray()).toEqual([
      { _id: 1, n: -1 },
      { _id: 3, n: -3 },
    ]);
  });

  it('copies dots in names of fields as they are, also inside a transaction', async () => {
    const odd = { _id: 1, 'a.b': 1, $c: { 'd.e': 2 } };
    await fill({ 'a.b': 1, $c: { 'd.e': 2 } });
    const same = (document: object) => document;
    const copy = (session?: ClientSession) =>
      MigrationHelper.migrateCollection(Thing, Other, same, { session } as never);
    await copy();
    expect(await db.collection('others').find().toArray()).toEqual([odd]);
    if (!hasTransactions) return;
    await db.collection('others').deleteMany({});
    await connection.transaction(async (session) => void (await copy(session)));
    await connection.transaction(async (session) => void (await copy(session)));
    expect(await db.collection('others').find().toArray()).toEqual([odd]);
  });

  it('copies beside what others insert into the target meanwhile', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'x'.repeat(200) }));
    await fill(...many);
    const target = db.collection('others');
    for (const isThere of [false, true]) {
      if (isThere) await db.createCollection('others');
      let done = false;
      const copying = MigrationHelper.migrateCollection(Thing, Other).finally(() => {
        done = true;
      });
      let inserted = 0;
      // The application's own, one of them under an _id of the source.
      await target.insertOne({ _id: 20_000, by: 'somebody' } as never).catch(() => {});
      while (!done) await target.insertOne({ _id: -++inserted } as never);
      const { readCount } = await copying;
      expect(readCount).toBe(20_000);
      expect(await target.countDocuments({ _id: { $lt: 0 } } as never)).toBe(inserted);
      expect(await target.countDocuments()).toBe(20_000 + inserted);
      expect(await target.findOne({ _id: 20_000 as never })).toHaveProperty('by');
      await target.drop();
    }
    const names = (await db.listCollections().toArray()).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('godwit_copy'))).toEqual([]);
  });

  it('archives what is old, types and all, and writes over nothing', async () => {
    const { Long, Double } = mongoose.mongo;
    await fill(
      { at: new Date(0), l: Long.fromNumber(5), d: new Double(5) },
      { at: new Date() },
      { at: 'text' },
      {},
      { at: new Date(1), copied: 'by a killed run' },
      { at: new Date(2), is: 'new' },
    );
    const archived = db.collection('others');
    await archived.insertMany([
      { _id: 5, at: new Date(1), copied: 'by a killed run' },
      { _id: 6, at: new Date(2), is: 'of last year' },
    ] as never);
    const archive = (options = {}) =>
      MigrationHelper.archiveOldDocuments(Thing, Other, new Date('2020-01-01'), 'at', options);
    expect(await archive({ dryRun: true })).toMatchObject({ archivedCount: 3 });
    expect(await archive()).toEqual({ archivedCount: 2, deletedCount: 2, leftCount: 1 });
    expect(await archive()).toEqual({ archivedCount: 0, deletedCount: 0, leftCount: 1 });
    expect((await things()).map(({ _id }) => _id)).toEqual([2, 3, 4, 6]);
    expect(await archived.findOne({ _id: 6 as never })).toMatchObject({ is: 'of last year' });
    expect(await archived.countDocuments({ l: { $type: 'long' }, d: { $type: 'double' } })).toBe(1);
    expect(await archive({ onExisting: 'replace' })).toMatchObject({ leftCount: 0 });
    expect(await archived.findOne({ _id: 6 as never })).toMatchObject({ is: 'new' });
  });

  it('moves a batch whole or not at all where there are transactions', async () => {
    await fill(...Array.from({ length: 30 }, () => ({ at: new Date(0) })));
    const archived = db.collection('others');
    const archive = () =>
      MigrationHelper.archiveOldDocuments(Thing, Other, new Date(1), 'at', { batchSize: 10 });
    const failpoint = (mode: unknown) =>
      connection
        .getClient()
        .db('admin')
        .command({
          configureFailPoint: 'failCommand',
          mode,
          data: { failCommands: ['delete'], errorCode: 8_000 },
        });
    await failpoint({ skip: 1 });
    await expect(archive()).rejects.toThrow();
    await failpoint('off');
    // Ten are moved; ten more were copied, and could not be deleted.
    expect(await archived.countDocuments()).toBe(hasTransactions ? 10 : 20);
    expect(await things()).toHaveLength(20);
    await db.collection('things').updateOne({ _id: 11 as never }, { $set: { changed: true } });
    const leftCount = hasTransactions ? 0 : 1;
    expect(await archive()).toEqual({
      archivedCount: 20 - leftCount,
      deletedCount: 20 - leftCount,
      leftCount,
    });
    expect(await archived.countDocuments()).toBe(30);
    expect(await archived.countDocuments({ changed: true })).toBe(hasTransactions ? 1 : 0);
  });

  it('says at once what another unique index of the archive refuses', async () => {
    await fill({ at: new Date(0), code: 'a' }, { at: new Date(0), code: 'b' });
    const archived = db.collection('others');
    await archived.createIndex({ code: 1 }, { unique: true });
    await archived.insertOne({ code: 'b' });
    await expect(
      MigrationHelper.archiveOldDocuments(Thing, Other, new Date(1), 'at'),
    ).rejects.toMatchObject({ code: 11000 });
    expect(await things()).toHaveLength(2);
  });

  it('fills a field by a function again when that was edited, and resumes nothing else', async () => {
    await fill({}, {});
    const add = (value: () => unknown) => MigrationHelper.addField(Thing, 'a', value);
    expect(await add(() => 1)).toMatchObject({ modifiedCount: 2 });
    await db.collection('things').insertOne({ _id: 3 as never });
    expect(await add(() => 2)).toMatchObject({ modifiedCount: 1 });
    const named = (by: (doc: { a: number }) => object) =>
      MigrationHelper.transformData(Thing, {}, by, { name: 'mine' });
    expect(await named((doc) => ({ ...doc, a: doc.a + 1 }))).toMatchObject({ modifiedCount: 3 });
    expect(await named((doc) => ({ ...doc, a: doc.a + 2 }))).toMatchObject({ modifiedCount: 3 });
    expect((await things()).map(({ a }) => a)).toEqual([4, 4, 5]);
  });

  it('archives what is old as it is at last, while others change and rejuvenate it', async () => {
    const MANY = 2_000;
    await fill(...Array.from({ length: MANY }, () => ({ at: new Date(0), v: 0 })));
    const [source, archived] = [db.collection('things'), db.collection('others')];
    let done = false;
    const moving = MigrationHelper.archiveOldDocuments(Thing, Other, new Date(1), 'at', {
      batchSize: 50,
    }).finally(() => {
      done = true;
    });
    const changed = new Map<number, number>();
    for (let n = 0; !done; n++) {
      const _id = MANY - ((n * 7) % MANY);
      const young = n % 5 === 0;
      const change = young ? { at: new Date() } : { v: n };
      const { matchedCount } = await source.updateOne({ _id: _id as never }, { $set: change });
      if (matchedCount === 1 && !young) changed.set(_id, n);
    }
    const { archivedCount, leftCount } = await moving;
    const [here, there] = [await things(), await archived.find().toArray()];
    expect(leftCount).toBeGreaterThanOrEqual(0);
    expect(there.length).toBe(archivedCount);
    expect(here.length + there.length).toBe(MANY);
    const of = new Map([...here, ...there].map((one) => [one['_id'] as unknown, one['v']]));
    for (const [_id, v] of changed) expect([_id, of.get(_id)]).toEqual([_id, v]);
  });

  it('lets references refer to another, as the schema stores them', async () => {
    const [one, two] = [new mongoose.Types.ObjectId(), new mongoose.Types.ObjectId()];
    await fill({ ref: one }, { ref: [one, two] }, { ref: two }, { ref: null }, {});
    const [done, ...after] = await twice(() =>
      MigrationHelper.updateReferences(Thing, 'ref', String(one), String(two)),
    );
    expect(done).toMatchObject({ modifiedCount: 2 });
    expect(after).toEqual([
      { _id: 1, ref: two },
      { _id: 2, ref: [two, two] },
      { _id: 3, ref: two },
      { _id: 4, ref: null },
      { _id: 5 },
    ]);
  });

  it('does nothing to an empty collection, and refuses views, ids and what is no model', async () => {
    expect(await MigrationHelper.addField(Thing, 'a', 1)).toEqual({
      matchedCount: 0,
      modifiedCount: 0,
    });
    expect(await MigrationHelper.removeDuplicates(Thing, 'a')).toMatchObject({ deletedCount: 0 });
    expect(await MigrationHelper.transformData(Thing, {}, (doc) => doc)).toMatchObject({
      matchedCount: 0,
    });
    await db.createCollection('others', { viewOn: 'things', pipeline: [] });
    const refused = { code: 'GODWIT_HELPER_REFUSED' };
    await expect(MigrationHelper.addField(Other, 'a', 1)).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('view'),
    });
    await expect(MigrationHelper.removeField(Thing, '_id')).rejects.toMatchObject(refused);
    await fill({ _id: { tenant: 1, n: 2 }, name: ' x ' });
    expect(await MigrationHelper.sanitizeStringFields(Thing, ['name'])).toMatchObject({
      modifiedCount: 1,
    });
    await expect(MigrationHelper.addField(undefined as never, 'a', 1)).rejects.toMatchObject({
      code: 'GODWIT_HELPER_INVALID',
    });
    for (const path of ['', '$a', 'a..b', 'a.0']) {
      await expect(MigrationHelper.addField(Thing, path, 1)).rejects.toMatchObject({
        code: 'GODWIT_HELPER_INVALID',
      });
    }
    const signal = AbortSignal.abort();
    await expect(MigrationHelper.addField(Thing, 'a', 1, { signal })).rejects.toMatchObject({
      code: 'GODWIT_STOPPED',
    });
  });
});
