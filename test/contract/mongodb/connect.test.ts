import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MongoClient } from 'mongodb';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GodwitError } from '../../../src/errors.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { IN_TIME_MS } from '../../support/in-time.ts';
import { acquireOptions, ended, header, job, openTest } from './kit.ts';

async function refused(opening: Promise<unknown>): Promise<GodwitError> {
  const began = performance.now();
  const error = await opening.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(performance.now() - began).toBeLessThan(IN_TIME_MS);
  if (!(error instanceof GodwitError)) throw new Error(`not a GodwitError: ${error}`);
  return error;
}

describe('rights', () => {
  let server: TestMongod;
  let root: MongoClient;
  beforeAll(async () => {
    server = await startMongod({ auth: true });
    root = await new MongoClient(server.uri).connect();
    const db = root.db('app');
    await db.command({
      createUser: 'reader',
      pwd: 'p@ss/word',
      roles: [{ role: 'read', db: 'app' }],
    });
    await db.command({
      createUser: 'writer',
      pwd: 'secret-word',
      roles: [{ role: 'readWrite', db: 'app' }],
    });
  });
  afterAll(async () => {
    await root.close();
    await server.stop();
  });
  const as = (login: string) =>
    `mongodb://${login}${server.host}:${server.port}/app?authSource=app&replicaSet=godwit`;

  it('a reader reads, and is told why it cannot write', async () => {
    const reader = await openTest(as('reader:p%40ss%2Fword@'));
    expect(reader.target).toMatchObject({ user: 'reader', database: 'app' });
    expect(await reader.history.versions()).toEqual([]);
    expect(await root.db('app').listCollections().toArray()).toEqual([]);
    const writer = await openTest(as('writer:secret-word@'));
    const session = await writer.acquire(acquireOptions());
    await session.append([ended(header('1', session.fence))], []);
    const inTransaction = job(
      header('2', session.fence),
      ({ db }) => db.collection('a').insertOne({}),
      { transaction: 'always' },
    );
    expect((await session.execute(inTransaction)).status).toBe('applied');
    expect(await reader.history.versions()).toHaveLength(2);
    expect(await reader.history.events({ limit: 1 })).toHaveLength(1);
    expect(await reader.lockHolder()).toMatchObject({ alive: true });
    expect(
      await reader.readMirror({
        name: 'm',
        create: 'always',
        shape: { key: { field: 'k', value: 'id' } },
      }),
    ).toEqual([]);
    const findings = await reader.diagnose();
    expect(findings.find(({ code }) => code === 'mongodb.rights')).toMatchObject({
      severity: 'info',
    });
    expect((await writer.diagnose()).filter(({ severity }) => severity !== 'ok')).toMatchObject([
      { code: 'mongodb.lock' },
    ]);
    await session.release();
    const error = await refused(reader.acquire(acquireOptions()));
    expect(error).toMatchObject({ code: 'GODWIT_PERMISSION_DENIED', exitCode: 2 });
    await reader.close();
    await writer.close();
  });

  it('doctor says so where the URL names no database', async () => {
    const said = async (url: string) => {
      const driver = await openTest(url);
      const findings = await driver.diagnose();
      await driver.close();
      return findings.find(({ code }) => code === 'mongodb.database');
    };
    const { host, username, password } = new URL(server.uri);
    const bare = `mongodb://${username}:${password}@${host}`;
    for (const url of [bare, `${bare}/`, `${bare}/?authSource=admin`]) {
      expect(await said(url)).toMatchObject({
        severity: 'warning',
        message: expect.stringContaining('it is test'),
      });
    }
    expect(await said(`${bare}/app?authSource=admin`)).toMatchObject({ severity: 'ok' });
  });

  it('a wrong password is not shown', async () => {
    const error = await refused(openTest(as('writer:wrong-s3cret@')));
    expect(error.code).toBe('GODWIT_AUTH_FAILED');
    expect(JSON.stringify(error) + error.message).not.toContain('wrong-s3cret');
  });

  it('no login where one is needed', async () => {
    const driver = await openTest(as(''));
    expect((await refused(driver.history.versions())).code).toBe('GODWIT_AUTH_FAILED');
    expect((await refused(driver.acquire(acquireOptions()))).code).toBe('GODWIT_AUTH_FAILED');
    await driver.close();
  });
});

describe('connecting', () => {
  it('says that nobody answers', async () => {
    const error = await refused(openTest('mongodb://user:hidden-word@127.0.0.1:1/x'));
    expect(error.code).toBe('GODWIT_CONNECT_FAILED');
    expect(JSON.stringify(error)).not.toContain('hidden-word');
  });

  it('gives up on a server that never answers', async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await new Promise((listening) => silent.once('listening', listening));
    const { port } = silent.address() as { port: number };
    const error = await refused(
      openTest(`mongodb://127.0.0.1:${port}/x`, { connectTimeoutMs: 5000 }),
    );
    expect(error.code).toBe('GODWIT_CONNECT_FAILED');
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it.each(['mongodb://', 'mongodb://u:hidden-word@h:99999/x', 'mongodb://h/x?nonsense=1'])(
    'refuses %s',
    async (url) => {
      const error = await refused(openTest(url));
      expect(error.code).toBe('GODWIT_URL_INVALID');
      expect(JSON.stringify(error)).not.toContain('hidden-word');
    },
  );

  it('names an unreadable CA file', async () => {
    const error = await refused(
      openTest('mongodb://127.0.0.1:1/x', { tls: { caFile: '/nowhere.pem' } }),
    );
    expect(error).toMatchObject({
      code: 'GODWIT_FILE_UNREADABLE',
      where: { file: '/nowhere.pem' },
    });
  });
});

describe('drivers of the project', () => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod();
  });
  afterAll(async () => server.stop());

  async function withProject(
    packages: Record<string, string>,
    use: (root: string) => Promise<void>,
  ) {
    const root = await mkdtemp(join(tmpdir(), 'godwit-project-'));
    await mkdir(join(root, 'node_modules'));
    for (const [name, from] of Object.entries(packages)) {
      await symlink(resolve('node_modules', from), join(root, 'node_modules', name));
    }
    try {
      await use(root);
    } finally {
      await rm(root, { recursive: true });
    }
  }

  it.each([
    [{ mongodb: 'mongodb5' }, /^mongodb 5\..* \(project\)/],
    [{ mongodb: 'mongodb6' }, /^mongodb 6\..* \(project\)/],
    [{ mongodb: 'mongodb' }, /^mongodb 7\..* \(project\)/],
    [{ mongodb: 'mongodb6', mongoose: 'mongoose' }, /^mongodb 7\..* \(mongoose\)/],
    [{}, /^mongodb 7\..* \(godwit\)/],
  ] as const)('works with %o', async (packages, expected) => {
    await withProject(packages, async (root) => {
      const driver = await openTest(server.databaseUrl(), { root });
      const [first] = await driver.diagnose();
      expect(first?.message.replace(/.*with /, '')).toMatch(expected);
      const session = await driver.acquire(acquireOptions());
      for (const [index, transaction] of (['auto', 'always'] as const).entries()) {
        const version = String(index + 1);
        const outcome = await session.execute(
          job(
            header(version, session.fence),
            async ({ db, client }) => {
              const a = db.collection(`a${version}`);
              await a.insertMany([{ x: 1 }, { x: 2 }, { x: 3 }]);
              await a.updateMany({ x: { $gt: 1 } }, { $inc: { x: 1 } });
              await a.findOneAndUpdate({ x: 1 }, { $set: { x: 9 } });
              await a.findOneAndDelete({ x: 9 });
              await a.bulkWrite([{ insertOne: { document: { x: 7 } } }]);
              const bulk = a.initializeUnorderedBulkOp();
              bulk.find({ x: 7 }).deleteOne();
              await bulk.execute();
              expect(await a.distinct('x')).toHaveLength(2);
              expect(await a.aggregate([{ $match: {} }]).toArray()).toHaveLength(2);
              expect(await db.command({ find: a.collectionName })).toMatchObject({ ok: 1 });
              expect(await client.db().collection(`a${version}`).countDocuments()).toBe(2);
              for await (const document of a.find().sort({ x: 1 }))
                expect(document).toHaveProperty('x');
            },
            { transaction },
          ),
        );
        expect(outcome.error).toBeUndefined();
        expect(outcome.counts).toEqual({
          [`a${version}`]: { inserted: 4, modified: 3, deleted: 2 },
        });
      }
      const failed = await session.execute(
        job(header('3', session.fence), async ({ db }) => {
          await db
            .collection('b')
            .aggregate([{ $documents: [] }, { $out: 'c' }])
            .toArray();
        }),
      );
      expect(failed.status).toBe('failed');
      await driver.close();
    });
  });

  it('refuses a driver that is too old', async () => {
    await withProject({}, async (root) => {
      await mkdir(join(root, 'node_modules/mongodb'));
      const { writeFile } = await import('node:fs/promises');
      await writeFile(
        join(root, 'node_modules/mongodb/package.json'),
        '{"name":"mongodb","version":"4.17.2","main":"i.js"}',
      );
      await writeFile(join(root, 'node_modules/mongodb/i.js'), '');
      expect((await refused(openTest(server.databaseUrl(), { root }))).code).toBe(
        'GODWIT_DRIVER_UNSUPPORTED',
      );
    });
  });

  it('takes a client or a mongoose connection, and leaves it open', async () => {
    const client = await new MongoClient(server.databaseUrl('mine')).connect();
    const connection = mongoose.createConnection(server.databaseUrl('theirs'));
    for (const [given, database] of [
      [client, 'mine'],
      [connection, 'theirs'],
    ] as const) {
      const driver = await openTest('', { client: given });
      expect(driver.target.database).toBe(database);
      expect(driver.capabilities.transactions).toBe(true);
      const session = await driver.acquire(acquireOptions());
      expect(
        (await session.execute(job(header('1', 1), ({ db }) => db.collection('x').insertOne({}))))
          .status,
      ).toBe('applied');
      await driver.close();
    }
    expect(await client.db().collection('x').countDocuments()).toBe(1);
    expect(await connection.collection('x').countDocuments()).toBe(1);
    await client.close();
    await connection.destroy();
  });

  it('lets mongoose use the guarded client', async () => {
    const driver = await openTest(server.databaseUrl());
    const session = await driver.acquire(acquireOptions());
    const outcome = await session.execute(
      job(
        header('1', session.fence),
        async ({ client }) => {
          const connection = mongoose.createConnection();
          connection.setClient(client as never);
          const User = connection.model(
            'User',
            new mongoose.Schema({ name: String }, { autoCreate: false, autoIndex: false }),
          );
          await User.create([{ name: 'a' }, { name: 'b' }]);
          await User.updateMany({}, { name: 'c' });
          expect(await User.countDocuments({ name: 'c' })).toBe(2);
          // Not `close`: the model would stay for whatever this process does next.
          await connection.destroy();
          await new Promise((resolve) => setTimeout(resolve, 20));
        },
        { transaction: 'always' },
      ),
    );
    expect(outcome).toMatchObject({
      status: 'applied',
      counts: { users: { inserted: 2, modified: 2 } },
    });
    await driver.close();
  });
});
