import type { Db, Document } from 'mongodb';
import type { Connection, Model } from 'mongoose';
import mongoose from 'mongoose';
import { MigrationHelper } from '../../../src/mongoose.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents that break every schema
type AnyModel = Model<any>;

/** What one helper is tried with. Things are numbered by `n`; those of others have none. */
export interface HelperCase {
  readonly name: string;
  /** Fields of a document, beside `_id` and `n`. */
  readonly fields: (n: number, size: number) => Document;
  readonly prepare?: (db: Db) => Promise<unknown>;
  readonly run: (models: Models, plan: Plan) => Promise<unknown>;
  /** Documents, or things, that are not as they should be when it is done. */
  readonly wrong: (db: Db, size: number) => Promise<number>;
  /** Where what others write must still be; none where the helper deletes documents. */
  readonly kept?: readonly string[];
}

export interface Models {
  readonly Thing: AnyModel;
  readonly Other: AnyModel;
}

export interface Plan {
  readonly size: number;
  readonly id: (n: number) => unknown;
}

const OLD = new Date(0);
const OURS = { n: { $exists: true } };
const things = (db: Db, wrong: Document): Promise<number> =>
  db.collection('things').countDocuments({ $and: [OURS, wrong] });
const unequal = (field: string, value: unknown): Document => ({
  $expr: { $ne: [`$${field}`, value] },
});
const lacksIndex = async (db: Db, name: string): Promise<number> => {
  const found = await db.collection('things').indexes();
  return found.some((index) => index.name === name) ? 0 : 1;
};
const notCopied = async (db: Db, size: number): Promise<number> =>
  size - (await db.collection('others').countDocuments({ $expr: { $eq: ['$a', '$n'] } }));

/** All fourteen; two of them, whose ways differ, twice. */
export const CASES: readonly HelperCase[] = [
  {
    name: 'addField',
    fields: () => ({}),
    run: ({ Thing }) => MigrationHelper.addField(Thing, 'a', null),
    wrong: (db) => things(db, { a: { $exists: false } }),
  },
  {
    name: 'addField with a function',
    fields: () => ({}),
    // Text that no compiler writes in another way: a killed one is gone on with.
    run: ({ Thing }) => MigrationHelper.addField(Thing, 'a', ({ n }: Document) => n),
    wrong: (db) => things(db, unequal('a', '$n')),
  },
  {
    name: 'removeField',
    fields: (n) => ({ a: n }),
    run: ({ Thing }) => MigrationHelper.removeField(Thing, 'a'),
    wrong: (db) => things(db, { a: { $exists: true } }),
  },
  {
    name: 'renameField',
    fields: (n) => ({ a: n }),
    run: ({ Thing }) => MigrationHelper.renameField(Thing, 'a', 'b'),
    wrong: (db) => things(db, { $or: [{ a: { $exists: true } }, unequal('b', '$n')] }),
  },
  {
    name: 'copyField',
    fields: (n) => ({ a: n }),
    run: ({ Thing }) => MigrationHelper.copyField(Thing, 'a', 'b'),
    wrong: (db) => things(db, { $or: [unequal('a', '$n'), unequal('b', '$n')] }),
  },
  {
    name: 'transformData',
    fields: () => ({ a: 0 }),
    run: ({ Thing }) =>
      MigrationHelper.transformData(Thing, OURS, (doc) => ({ ...doc, a: doc.a + 1 })),
    wrong: (db) => things(db, { a: { $ne: 1 } }),
  },
  {
    name: 'bulkUpdate',
    fields: () => ({ a: 0 }),
    run: ({ Thing }, { size, id }) => MigrationHelper.bulkUpdate(Thing, updates(size, id)),
    wrong: (db) => things(db, unequal('a', '$n')),
  },
  {
    name: 'removeDuplicates',
    fields: (n, size) => ({ email: `u${n % (size / 2)}` }),
    run: ({ Thing }) => MigrationHelper.removeDuplicates(Thing, 'email'),
    async wrong(db, size) {
      const one = { $group: { _id: '$email', of: { $sum: 1 } } };
      const found = await db
        .collection('things')
        .aggregate([{ $match: OURS }, one, { $match: { of: 1 } }, { $count: 'of' }])
        .toArray();
      return size / 2 - ((found[0]?.['of'] as number | undefined) ?? 0);
    },
    kept: [],
  },
  {
    name: 'sanitizeStringFields',
    fields: (n) => ({ name: `  n${n} `, list: [` ${n}`] }),
    run: ({ Thing }) => MigrationHelper.sanitizeStringFields(Thing, ['name', 'list']),
    wrong: (db) => things(db, { $or: [{ name: /^\s|\s$/ }, { list: /^\s|\s$/ }] }),
  },
  {
    name: 'createIndex',
    fields: (n) => ({ a: n }),
    run: ({ Thing }) => MigrationHelper.createIndex(Thing, { a: 1 }),
    wrong: (db) => lacksIndex(db, 'a_1'),
  },
  {
    name: 'createUniqueConstraint',
    fields: (n) => ({ email: `u${n}` }),
    run: ({ Thing }) => MigrationHelper.createUniqueConstraint(Thing, { email: 1 }),
    wrong: (db) => lacksIndex(db, 'email_1'),
  },
  {
    name: 'dropIndex',
    fields: (n) => ({ a: n }),
    prepare: (db) => db.collection('things').createIndex({ a: 1 }),
    run: ({ Thing }) => MigrationHelper.dropIndex(Thing, 'a_1'),
    wrong: async (db) => 1 - (await lacksIndex(db, 'a_1')),
  },
  {
    name: 'migrateCollection',
    fields: (n) => ({ a: n }),
    run: ({ Thing, Other }) =>
      MigrationHelper.migrateCollection(Thing, Other, undefined, { filter: OURS }),
    wrong: notCopied,
  },
  {
    name: 'migrateCollection with a function',
    fields: () => ({}),
    run: ({ Thing, Other }) =>
      MigrationHelper.migrateCollection(Thing, Other, (doc) => ({ ...doc, a: doc.n }), {
        filter: OURS,
      }),
    wrong: notCopied,
  },
  {
    name: 'archiveOldDocuments',
    fields: (n) => ({ at: n % 2 === 0 ? OLD : new Date() }),
    run: ({ Thing, Other }) =>
      MigrationHelper.archiveOldDocuments(Thing, Other, new Date('2020-01-01'), 'at'),
    async wrong(db, size) {
      const archived = await db.collection('others').countDocuments({ at: OLD });
      const rest = await db.collection('things').countDocuments(OURS);
      return Math.abs(size / 2 - archived) + Math.abs(size / 2 - rest);
    },
    kept: ['things', 'others'],
  },
  {
    name: 'updateReferences',
    fields: (n) => ({ ref: n % 2 === 0 ? 'old' : ['old', 'x'] }),
    run: ({ Thing }) => MigrationHelper.updateReferences(Thing, 'ref', 'old', 'new'),
    wrong: (db) => things(db, { ref: { $ne: 'new' } }),
  },
];

function* updates(size: number, id: Plan['id']) {
  for (let n = 0; n < size; n++) yield { filter: { _id: id(n) }, update: { a: n } };
}

/** The models as an application has them: with types that documents may break. */
export function modelsOf(connection: Connection): Models {
  const make = (name: string): AnyModel =>
    connection.model(
      name,
      new mongoose.Schema(
        { a: Number, b: Number, name: String, list: [String], email: String, at: Date },
        { autoCreate: false, autoIndex: false },
      ),
    ) as unknown as AnyModel;
  return { Thing: make('Thing'), Other: make('Other') };
}
