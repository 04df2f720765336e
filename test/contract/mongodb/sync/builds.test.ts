import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../../../src/app/options.ts';
import type { Migrator } from '../../../../src/app/types.ts';
import type { GodwitEvent } from '../../../../src/events.ts';
import { startMongod, type TestMongod } from '../../../../src/testing/mongod.ts';

const HANG = { configureFailPoint: 'hangAfterStartingIndexBuild' };

describe('sync and the server', () => {
  let server: TestMongod;
  let client: MongoClient;
  const opened: Migrator[] = [];

  beforeAll(async () => {
    server = await startMongod({ auth: true, parameters: { enableTestCommands: '1' } });
    client = await new MongoClient(server.uri).connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  afterEach(async () => {
    await client.db('admin').command({ ...HANG, mode: 'off' });
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });

  function migrator(url: string, more: MigratorOptions = {}): Migrator {
    const collections = [{ name: 'c', indexes: [{ key: { n: 1 } }] }];
    const made = createMigrator({ url, config: false, collections, ...more });
    opened.push(made);
    return made;
  }

  async function withData(): Promise<{ url: string; name: string }> {
    const url = server.databaseUrl();
    const name = new URL(url).pathname.slice(1);
    const documents = Array.from({ length: 100 }, (_, n) => ({ n }));
    await client.db(name).collection('c').insertMany(documents);
    return { url, name };
  }

  function listen(to: Migrator, type: GodwitEvent['type']): Promise<GodwitEvent> {
    return new Promise((heard) => {
      to.on((event) => {
        if (event.type === type) heard(event);
      });
    });
  }

  it('tells how far a long index build is', async () => {
    const { url } = await withData();
    await client.db('admin').command({ ...HANG, mode: 'alwaysOn' });
    const one = migrator(url);
    const progress = listen(one, 'sync.progress');
    const done = one.sync();
    expect(await progress).toMatchObject({
      ...{ operation: 'create-index c.n_1', phase: 'scanning collection' },
      ...{ done: 100, total: 100 },
    });
    await client.db('admin').command({ ...HANG, mode: 'off' });
    expect((await done).error).toBeUndefined();
  });

  it('gives a build up when it is told to stop at once', async () => {
    const { url, name } = await withData();
    await client.db('admin').command({ ...HANG, mode: 'alwaysOn' });
    const one = migrator(url);
    const [stop, abort] = [new AbortController(), new AbortController()];
    const progress = listen(one, 'sync.progress');
    const done = one.sync({ signal: stop.signal, abort: abort.signal });
    await progress;
    stop.abort();
    abort.abort();
    // The server ends the build as soon as it gets to.
    await client.db('admin').command({ ...HANG, mode: 'off' });
    expect(await done).toMatchObject({ error: { code: 'GODWIT_STOPPED' } });
    const left = await client.db(name).collection('c').indexes();
    expect(left.map((index) => index.name)).toEqual(['_id_']);
    expect((await migrator(url).sync()).summary.done).toBe(1);
  });

  it('looks with a user who may only read, and says so when that one should write', async () => {
    const { name } = await withData();
    const roles = [{ role: 'read', db: name }];
    await client.db(name).command({ createUser: 'reader', pwd: 'reader-password', roles });
    const { host, port } = server;
    const url = `mongodb://reader:reader-password@${host}:${port}/${name}?authSource=${name}&directConnection=true`;
    expect((await migrator(url).planSync()).definitions).toMatchObject([
      { id: 'create-index c.n_1' },
    ]);
    const status = await migrator(url, { sync: true, migrations: [] }).status();
    expect(status.definitions).toHaveLength(1);
    await expect(migrator(url).sync()).rejects.toMatchObject({ code: 'GODWIT_PERMISSION_DENIED' });
  });
});
