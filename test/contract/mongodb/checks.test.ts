import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { createFolder } from '../../e2e/support/folder.ts';

describe('checks on MongoDB', () => {
  let server: TestMongod;
  let client: MongoClient;

  beforeAll(async () => {
    server = await startMongod();
    client = await new MongoClient(server.databaseUrl()).connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('asks verify, indexes, public ids, documents and the folder, and writes nothing', async () => {
    const url = server.databaseUrl();
    const other = await new MongoClient(url).connect();
    const db = other.db();
    const patients = db.collection('patients');
    await patients.insertMany([
      { public_id: 'pat_a' },
      { public_id: 'pat_a' },
      { public_id: 'x' },
      {},
    ]);
    await patients.createIndex({ a: 1 });
    await patients.createIndex({ a: 1, b: 1 });
    await patients.createIndex({ c: 1 }, { hidden: true });
    await patients.createIndex({ d: 1 }, { sparse: true });
    await db.createCollection('strict', {
      validator: { n: { $gt: 1 } },
      validationAction: 'warn',
    });
    await db.collection('strict').insertOne({ n: 0 });
    const folder = await createFolder({
      'migrations/001_a.cjs': `exports.up = async (db) => { await db.collection('a').insertOne({ ok: true }); };
        exports.verify = async (db) => (await db.collection('a').countDocuments({ ok: true })) > 0;`,
      'checks/lost.mjs': `export default async (db) => (await db.collection('patients').find({ public_id: 'x' }).toArray()).map(() => ({ table: 'patients', message: 'lost one', severity: 'warning' }));`,
      'checks/writes.mjs': `export default (db) => db.collection('patients').deleteMany({});`,
      'checks/sql.sql': 'select 1',
    });
    const migrator = createMigrator({ url, root: folder.path, publicIds: { patients: 'pat_' } });
    const codes = async (documents = false) =>
      (await migrator.validate({ documents })).findings
        .filter(({ code }) => code !== 'GODWIT_IRREVERSIBLE')
        .map(({ severity, code, where }) =>
          [severity, code.replace('GODWIT_CHECK_', ''), where.index ?? where.table ?? where.id]
            .filter(Boolean)
            .join(' '),
        );
    try {
      await migrator.up();
      const found = [
        'warning HIDDEN_INDEX c_1',
        'warning DUPLICATE_INDEX a_1',
        'warning PUBLIC_ID_MISSING patients',
        'warning PUBLIC_ID_PREFIX patients',
        'warning PUBLIC_ID_INDEX patients',
        'warning PUBLIC_ID_DUPLICATE patients',
      ];
      const own = ['warning FOUND patients', 'error FAILED'];
      expect(await codes()).toEqual([...found, ...own]);
      expect(await codes(true)).toEqual([...found, 'warning VALIDATOR strict', ...own]);
      await db.collection('a').deleteMany({});
      expect((await codes())[0]).toBe('error VERIFY 001_a');
      expect(await patients.countDocuments()).toBe(4);
    } finally {
      await migrator.close();
      await other.close();
      await folder.remove();
    }
  });
});
