import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../src/testing/mongod.ts';
import { createFolder, type TestFolder } from '../e2e/support/folder.ts';
import { godwit } from './terminal.ts';

describe('reset at a terminal', () => {
  let server: TestMongod;
  let folder: TestFolder;
  let client: MongoClient;
  let url: string;
  let name: string;

  beforeAll(async () => {
    [server, folder] = await Promise.all([startMongod({ replicaSet: false }), createFolder()]);
  });
  afterAll(async () => {
    await client.close();
    await folder.remove();
    await server.stop();
  });
  beforeEach(async () => {
    await client?.close();
    url = server.databaseUrl();
    client = await new MongoClient(url).connect();
    name = client.db().databaseName;
    await client.db().collection('things').insertOne({ n: 1 });
  });

  const things = () => client.db().collection('things').countDocuments();
  const reset = (typed: string[] | undefined, ...flags: string[]) =>
    godwit(['reset', '--url', url, ...flags], { cwd: folder.path, typed });

  it('has the name typed, and drops only when it is the right one', async () => {
    const wrong = await reset(['other']);
    expect([wrong.code, await things()]).toEqual([5, 1]);
    expect(wrong.out).toContain('things');
    const right = await reset([name]);
    expect([right.code, await things()]).toEqual([0, 0]);
  });

  it('asks once more when it was told, and takes no for an answer', async () => {
    const no = await reset(['n'], '--database-name', name);
    expect([no.code, await things()]).toEqual([5, 1]);
    expect((await reset(['y'], '--database-name', name)).code).toBe(0);
    expect(await things()).toBe(0);
  });

  it('says what it would drop, and refuses where nobody can be asked', async () => {
    const dry = await reset(undefined, '--dry-run', '--json');
    expect(dry.json()).toMatchObject({ dryRun: true, dropped: [{ name: 'things', count: 1 }] });
    expect((await reset(undefined)).code).toBe(5);
    expect((await reset(undefined, '--yes')).code).toBe(5);
    expect((await reset(undefined, '--yes', '--database-name', 'other')).code).toBe(5);
    expect(await things()).toBe(1);
    const production = await reset(undefined, '--yes', '--environment', 'production');
    expect([production.code, await things()]).toEqual([5, 1]);
  });
});
