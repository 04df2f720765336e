import { chmod, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import {
  createGuideProject,
  type Ended,
  type GuideProject,
  inClass,
  inFile,
  sample,
} from './guide-project.ts';

let server: TestMongod;
let client: MongoClient;
let db: Db;
let project: GuideProject;

beforeAll(async () => {
  server = await startMongod();
});

beforeEach(async () => {
  await client?.close();
  await project?.remove();
  const url = server.databaseUrl();
  client = await new MongoClient(url).connect();
  db = client.db();
  project = await createGuideProject(url);
});

afterAll(async () => {
  await client?.close();
  await project?.remove();
  await server?.stop();
});

const pending = (name: string): string => `migrations/pending/${name}.js`;

async function well(run: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await run;
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  expect(stderr).not.toContain('Warning');
  return stdout + stderr;
}

const files = async (folder: string): Promise<string[]> =>
  (await readdir(join(project.path, 'migrations', folder))).filter((name) => !name.startsWith('.'));

const AVATAR = '2024-01-15T10-30-00_add-user-avatar-field';

describe('the commands of the guide', () => {
  it('creates, looks, runs and goes back, with files that move', async () => {
    await db
      .collection('users')
      .insertMany([{ n: 1 }, { n: 2, avatar: null }, { n: 3, avatar: 'x' }] as never);
    expect(await well(project.migrate('create', 'add-user-avatar-field'))).toContain(
      'migrations/pending/',
    );
    const [created = ''] = await files('pending');
    expect(created).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}_add-user-avatar-field\.js$/);
    await project.write({
      [`migrations/pending/${created}`]: inFile(sample('add-user-avatar-field')),
    });

    const before = await well(project.migrate('status'));
    expect(before).toContain('Add avatar field to User model');
    expect(before).toContain('pending');
    expect(await db.listCollections({ name: /^godwit/ }).toArray()).toEqual([]);

    await well(project.migrate('up'));
    expect(await files('pending')).toEqual([]);
    expect(await files('completed')).toEqual([created]);
    const users = await db
      .collection('users')
      .find({}, { projection: { _id: 0 } })
      .toArray();
    expect(users).toEqual([
      { n: 1, avatar: null },
      { n: 2, avatar: null },
      { n: 3, avatar: 'x' },
    ]);
    expect(
      await db
        .collection('migrations')
        .findOne({}, { projection: { _id: 0, appliedAt: 0, executionTime: 0 } }),
    ).toEqual({
      name: created.replace('.js', ''),
      version: '1.0.0',
      description: 'Add avatar field to User model',
      author: 'Your Name',
      status: 'applied',
      result: { matchedCount: 1, modifiedCount: 1 },
    });
    for (const word of ['status', 'list', 'history']) {
      expect(
        await well(project.run(['migrate.js', word], join(project.path, 'migrations'))),
      ).toContain('add-user-avatar-field');
    }
    await well(project.migrate('down'));
    expect(await files('pending')).toEqual([created]);
    expect(await db.collection('users').countDocuments({ avatar: { $exists: true } })).toBe(0);
    expect(await db.collection('migrations').countDocuments()).toBe(0);
    await well(project.migrate('up'));
    await well(project.migrate('down', '--all'));
    expect(await files('completed')).toEqual([]);
  });

  it('finds files in either folder, and needs none of them to move', async () => {
    await project.write({ [pending(AVATAR)]: inFile(sample('add-user-avatar-field')) });
    const folder = join(project.path, 'migrations');
    await chmod(join(folder, 'completed'), 0o555);
    await well(project.migrate('up'));
    await chmod(join(folder, 'completed'), 0o755);
    // Moved by hand, or by a checkout, it is still what the history says.
    const at = (state: string): string => join(folder, state, `${AVATAR}.js`);
    const [where] = (await files('completed')).length > 0 ? ['completed', 'pending'] : ['pending'];
    await rename(at(where ?? ''), at(where === 'pending' ? 'completed' : 'pending'));
    const { code, stdout } = await project.migrate('status', '--check');
    expect(code, stdout).toBe(0);
    await well(project.migrate('down'));
    expect(await files('pending')).toEqual([`${AVATAR}.js`]);
  });
});

describe('the templates of the guide', () => {
  it('run unmodified', async () => {
    await db
      .collection('patients')
      .insertMany([{ phone: '(555) 010-1234' }, { phone: null }, {}] as never);
    await db.collection('users').insertOne({ email: 'a@example.com' } as never);
    await project.write({
      [pending('2024-01-15T10-30-00_add-user-timezone-field')]: inClass(
        sample('add-field-template'),
      ),
      [pending('2024-01-16T14-20-00_migrate-phone-number-format')]: inClass(
        sample('data-transformation-template'),
      ),
      [pending('2024-01-17T09-00-00_seed-initial-treatments')]: inClass(
        sample('seed-data-template'),
      ),
      [pending('2024-01-18T09-00-00_metadata')]: inClass(
        `${sample('descriptive-metadata')}\nasync up() {}\n${sample('proper-rollback')}`,
      ),
    });
    await well(project.migrate('up'));
    expect(
      await db
        .collection('patients')
        .find({}, { projection: { _id: 0 } })
        .toArray(),
    ).toEqual([{ phone: '+15550101234' }, { phone: null }, {}]);
    expect(await db.collection('users').findOne()).toMatchObject({ phoneVerified: false });
    expect(await db.collection('treatments').countDocuments()).toBe(2);
    expect(await well(project.migrate('list'))).toContain(
      'Detailed description of what this migration does',
    );
  });

  it('says beforehand that a unique index cannot be built', async () => {
    await db
      .collection('users')
      .insertMany([{ email: 'a@x', phone: '1' }, { email: 'a@x' }, { email: 'b@x' }] as never);
    const name = '2024-01-20T10-00-00_schema-change';
    await project.write({ [pending(name)]: inClass(sample('schema-change-template')) });
    const { code, stdout } = await project.migrate('up');
    expect(code).toBe(1);
    expect(stdout).toContain('GODWIT_DUPLICATES');
    expect(stdout).toContain('"a@x": 2 documents');
    expect(stdout).toContain("MigrationHelper.removeDuplicates(User, 'email')");
    expect((await db.collection('users').indexes()).map((index) => index.name)).toEqual(['_id_']);
    expect(await db.collection('users').countDocuments()).toBe(3);

    // The failure is in the history, in the mirror and in status, with its stack.
    expect(await db.collection('migrations').findOne()).toMatchObject({
      name,
      status: 'failed',
      error: { code: 'GODWIT_DUPLICATES', stack: expect.stringContaining('schema-change.js') },
    });
    const status = await project.migrate('status');
    expect(status.stdout).toContain('failed');
    expect(await files('pending')).toEqual([`${name}.js`]);

    // As templates/schema.js has it: duplicates first.
    await project.write({ [pending(name)]: '' });
    await rename(join(project.path, pending(name)), join(project.path, 'empty'));
    await well(project.migrate('create', 'schema change', '--template', 'schema'));
    const [created = ''] = await files('pending');
    await rename(
      join(project.path, 'migrations/pending', created),
      join(project.path, pending(name)),
    );
    await well(project.migrate('up'));
    const users = await db
      .collection('users')
      .find({}, { projection: { _id: 0 } })
      .sort({ email: 1 })
      .toArray();
    expect(users).toEqual([{ email: 'a@x', phoneNumber: '1' }, { email: 'b@x' }]);
    expect(await db.collection('migrations').findOne({ error: { $exists: true } })).toBeNull();
  });

  it('backs up, restores, batches and works in a session of its own', async () => {
    await db.collection('users').insertMany([{ n: 1 }, { n: 2 }] as never);
    await db.collection('collection_name').insertOne({ n: 1 } as never);
    const perform = (body: string): string =>
      `${sample('backup-example')}\nasync performMigration() { ${body} }\n`;
    const batch = sample('batch-processing').replaceAll('\n', '\n    ');
    await project.write({
      [pending('2024-02-01T00-00-01_backup')]: inClass(
        perform('return this.models.User.updateMany({}, { done: true });'),
      ),
      [pending('2024-02-01T00-00-02_backups')]: inClass(sample('always-create-backups')),
      [pending('2024-02-01T00-00-03_batches')]: inClass(
        `async up() { const Model = this.models.User; ${batch} }`,
      ),
      [pending('2024-02-01T00-00-04_session')]: inClass(
        sample('transaction'),
        "const Model1 = require('../../models/User');\nconst Model2 = require('../../models/Patient');",
      ),
    });
    await well(project.migrate('up'));
    expect(await db.collection('users').countDocuments({ done: true })).toBe(2);
    const copies = await db.listCollections({ name: /_backup_/ }, { nameOnly: true }).toArray();
    expect(copies.map(({ name }) => name.replace(/\d+/, ''))).toEqual(['collection_name_backup_']);

    await project.write({
      [pending('2024-02-01T00-00-05_restores')]: inClass(
        perform("await this.models.User.deleteMany({}); throw new Error('no');"),
      ),
    });
    const failed = await project.migrate('up');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('no');
    expect(await db.collection('users').countDocuments({ done: true })).toBe(2);
  });
});

describe('the helpers of the guide', () => {
  it('run as they are listed', async () => {
    await db.collection('users').insertMany([
      {
        oldName: 1,
        source: 2,
        fieldName: null,
        phone: ' 1 ',
        name: '  Ada ',
        email: ' a@x ',
        createdAt: new Date('2020-01-01'),
        userId: 'old',
      },
      { email: 'b@x', createdAt: new Date(), userId: ['old', 'other'] },
    ] as never);
    await db.collection('sources').insertMany([{ n: 1 }, { n: 2 }] as never);
    const wrap = (names: string, text: string): string =>
      inClass(`async up() { ${names}\n${text}\n}`);
    const Model = 'const Model = this.models.User;';
    await project.write({
      [pending('2024-03-01T00-00-01_fields')]: wrap(
        `${Model} const defaultValue = 7;`,
        sample('field-operations'),
      ),
      [pending('2024-03-01T00-00-02_data')]: wrap(
        `${Model} const query = {}; const transformFn = (doc) => { doc.seen = (doc.seen ?? 0) + 1; return doc; };
         const updates = [{ filter: { email: 'b@x' }, update: { bulk: true } }];`,
        sample('data-operations'),
      ),
      [pending('2024-03-01T00-00-03_indexes')]: wrap(Model, sample('index-operations')),
      [pending('2024-03-01T00-00-04_collections')]: wrap(
        `${Model} const SourceModel = this.models.Source; const TargetModel = this.models.Target;
         const transformFn = (doc) => ({ ...doc, n: doc.n * 10 });
         const ArchiveModel = this.models.Patient; const cutoffDate = new Date('2021-01-01');
         const oldId = 'old'; const newId = 'new';`,
        sample('collection-operations'),
      ),
    });
    await well(project.migrate('up'));
    const [b] = await db
      .collection('users')
      .find({}, { projection: { _id: 0, createdAt: 0 } })
      .toArray();
    expect(await db.collection('users').countDocuments()).toBe(1);
    expect(b).toEqual({ email: 'b@x', userId: ['new', 'other'], seen: 1, bulk: true });
    expect(await db.collection('patients').findOne()).toMatchObject({
      newName: 1,
      source: 2,
      target: 2,
      name: 'Ada',
      email: 'a@x',
      seen: 1,
    });
    expect((await db.collection('targets').find().toArray()).map(({ n }) => n)).toEqual([10, 20]);
    expect(
      (await db.collection('users').indexes()).map((index) => [index.name, index.unique]),
    ).toEqual([
      ['_id_', undefined],
      ['email_1', true],
    ]);
  });
});

describe.each(['mongoose7', 'mongoose8'])('with %s', (version) => {
  it('runs the same, in a transaction too, and creates nothing by itself', async () => {
    const url = server.databaseUrl();
    const old = await createGuideProject(url, version);
    const other = new MongoClient(url);
    try {
      await other
        .db()
        .collection('users')
        .insertOne({ n: 1 } as never);
      const body = `constructor(mongoose) { super(mongoose); this.transaction = true; }
        async up() {
          await this.models.User.create({ email: 'in' });
          await MigrationHelper.transformData(this.models.User, {}, (doc) => ({ ...doc, phone: 'x' }));
          if (this.models.User.collection.collectionName !== 'users') throw new Error('no');
          throw new Error('take it all back');
        }`;
      await old.write({
        [pending(AVATAR)]: inFile(sample('add-user-avatar-field')),
        [pending('2024-06-01T00-00-00_rolled-back')]: inClass(body),
      });
      const { code, stdout } = await old.migrate('up');
      expect(code, stdout).toBe(1);
      expect(stdout).toContain('take it all back');
      const users = await other
        .db()
        .collection('users')
        .find({}, { projection: { _id: 0 } })
        .toArray();
      expect(users).toEqual([{ n: 1, avatar: null }]);
      const made = await other.db().listCollections({}, { nameOnly: true }).toArray();
      const own = made.map(({ name }) => name).filter((name) => !name.startsWith('godwit_'));
      expect(own.sort()).toEqual(['migrations', 'users']);
    } finally {
      await other.close();
      await old.remove();
    }
  });
});

describe('MigrationTracker', () => {
  it('records without a connection, as the guide types it', async () => {
    await project.write({
      [pending(AVATAR)]: inFile(sample('add-user-avatar-field')),
      'migrations/mark.js': `const [name, version, description, author, time, result] =
  ['${AVATAR}.js', '1.0.0', 'by hand', 'Ada', 12, { done: true }];
(async () => {
${sample('mark-as-complete')}
})();`,
    });
    for (const _ of [1, 2]) {
      expect(await project.run(['mark.js'], join(project.path, 'migrations'))).toMatchObject({
        code: 0,
        stderr: '',
      });
    }
    expect(await files('completed')).toEqual([`${AVATAR}.js`]);
    // db.migrations.find().sort({ appliedAt: -1 })
    const mirrored = await db.collection('migrations').find().sort({ appliedAt: -1 }).toArray();
    expect(mirrored).toMatchObject([
      {
        name: AVATAR,
        version: '1.0.0',
        description: 'by hand',
        author: 'Ada',
        executionTime: 12,
        result: { done: true },
        status: 'applied',
      },
    ]);
    const { stdout } = await project.migrate('history', '--json');
    expect(JSON.parse(stdout).runs).toMatchObject([
      { id: AVATAR, via: 'mark', status: 'applied', durationMs: 12 },
    ]);
    expect(await well(project.migrate('up'))).not.toContain('applied 1');
    await well(project.migrate('down'));
    expect(await db.collection('migrations').countDocuments()).toBe(0);
  });
});
