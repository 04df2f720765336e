import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import { defineIds } from '../../../src/ids/index.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';

let server: TestMongod;
let client: MongoClient;
beforeAll(async () => {
  server = await startMongod();
  client = await new MongoClient(server.uri).connect();
});
afterAll(async () => {
  await client?.close();
  await server?.stop();
});

it('gives ids to documents, unique, with a validator beside the one that is there', async () => {
  const url = server.databaseUrl();
  const db = client.db(new URL(url).pathname.slice(1));
  await db.createCollection('patients', { validator: { n: { $gte: 0 } } });
  await db
    .collection<{ _id: number; n: number; public_id?: string }>('patients')
    .insertMany(Array.from({ length: 200 }, (_, i) => ({ _id: i, n: i })));
  await db.collection('patients').updateOne({ n: 5 }, { $set: { public_id: 'pat_kept5' } });
  const publicIds = defineIds({ patients: 'pat', gone: 'gon' });
  const migrator = createMigrator({ url, config: false, publicIds });
  try {
    const look = await migrator.backfill.publicIds({ dryRun: true });
    expect(look.summary).toMatchObject({ missing: 199, absent: 1 });
    const report = await migrator.backfill.publicIds({ constraints: true });
    expect(report.error).toBeUndefined();
    expect(report.summary).toMatchObject({ filled: 199 });
    const found = await db.collection('patients').find().toArray();
    expect(new Set(found.map((one) => one['public_id'])).size).toBe(200);
    expect(found.every((one) => publicIds.is('patients', one['public_id']))).toBe(true);
    const refused = db.collection('patients').insertOne({ n: 1, public_id: 'apt_wrong' });
    await expect(refused).rejects.toThrow(/validation/);
    await expect(
      db.collection('patients').insertOne({ n: -1, public_id: 'pat_fine' }),
    ).rejects.toThrow(/validation/);
    await expect(
      db.collection('patients').insertOne({ n: 1, public_id: 'pat_kept5' }),
    ).rejects.toThrow(/E11000/);
    const again = await migrator.backfill.publicIds({ constraints: true });
    expect(again.tables.map(({ status }) => status)).toEqual(['complete', 'absent']);
  } finally {
    await migrator.close();
  }
});
