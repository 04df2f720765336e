import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Driver } from '../../../src/ports/driver.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { findPymongo } from '../../support/pymongo.ts';
import { fillEveryKind } from './backup-fill.ts';
import { backUp, everything, folder, QUIET } from './backup-kit.ts';
import { openTest } from './kit.ts';

let server: TestMongod;
let client: MongoClient;
let db: Db;
let driver: Driver;
let place: Awaited<ReturnType<typeof folder>>;
beforeAll(async () => {
  server = await startMongod();
  client = await new MongoClient(server.uri).connect();
});
afterAll(async () => {
  await client?.close();
  await server?.stop();
});
beforeEach(async () => {
  driver = await openTest(server.databaseUrl());
  db = client.db(driver.target.database);
  place = await folder();
});
afterEach(async () => {
  await driver.close();
  await place.remove();
});

// No package has mongorestore itself; this does with another language's driver what it does.
it('is restored by a reader that knows nothing of godwit, byte for byte', async () => {
  await fillEveryKind(client, db);
  const before = await everything(db);
  await backUp(driver, place.path);
  await db.dropDatabase();
  const dump = join(place.path, db.databaseName);
  const script = resolve('test/contract/mongodb/restore-dump.py');
  const { stdout } = await promisify(execFile)(
    'python3',
    [script, server.uri, db.databaseName, dump],
    { env: { ...process.env, PYTHONPATH: await findPymongo() } },
  );
  expect(stdout).toContain('types 2\n');
  expect(await everything(db)).toEqual(before);
});

it('packs with zstd where Node has it, and says where it has not', async () => {
  await db.collection('a').insertMany(Array.from({ length: 5_000 }, (_, n) => ({ n })));
  const before = await everything(db);
  const backups = await driver.backups?.({ compression: 'zstd' });
  const made = backUp(driver, place.path, undefined, { compression: 'zstd' });
  if (!('zstdCompress' in zlib)) {
    await expect(made).rejects.toMatchObject({ code: 'GODWIT_UNSUPPORTED' });
    return;
  }
  const manifest = await made;
  const files = await readdir(join(place.path, db.databaseName));
  expect(files).toContain('a.bson.zst');
  const packed = await readFile(join(place.path, db.databaseName, 'a.bson.zst'));
  expect(packed.readUInt32LE(0)).toBe(0xfd2fb528);
  await db.dropDatabase();
  await backups?.restore({ ...QUIET, folder: place.path, manifest, only: undefined });
  expect(await everything(db)).toEqual(before);
});
