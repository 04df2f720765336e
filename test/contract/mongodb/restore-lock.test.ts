import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { createMigrator } from '../../../src/index.ts';
import { startMongod } from '../../../src/testing/mongod.ts';
import { project } from '../../unit/config/project.ts';

it('a restore whose lock was lost before it replaced anything replaces nothing', async () => {
  const server = await startMongod();
  const url = server.databaseUrl();
  const root = await project({ 'migrations/001_a.mjs': 'export const up = async () => {};\n' });
  const migrator = createMigrator({ root, url, config: { lockLeaseMs: 1000 } });
  const client = await MongoClient.connect(url);
  try {
    const db = client.db();
    const text = 'x'.repeat(1000);
    for (let from = 0; from < 60_000; from += 20_000) {
      const documents = Array.from({ length: 20_000 }, (_, i) => ({ n: from + i, text }));
      await db.collection('a').insertMany(documents);
    }
    await migrator.backup.create();
    await db.collection('b').insertOne({ since: 'then' });
    let stolen = false;
    migrator.on((event) => {
      if (event.type !== 'backup.progress' || stolen) return;
      stolen = true;
      void db.collection('godwit_lock').updateMany({}, { $inc: { fence: 100 } });
    });
    await expect(migrator.backup.restore()).rejects.toMatchObject({
      code: 'GODWIT_LOCK_LOST',
      state: 'The database is as it was.',
    });
    expect(await db.collection('b').countDocuments()).toBe(1);
    const names = (await db.listCollections().toArray()).map(({ name }) => name);
    expect(names.filter((name) => name.includes('restoring'))).toEqual([]);
  } finally {
    await migrator.close();
    await client.close();
    await server.stop();
  }
});
