import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorInfo } from '../../../src/errors.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { IN_TIME_MS } from '../../support/in-time.ts';
import { runCli, runJson } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const SECRET = 'hunter2-not-to-be-seen';

/** Runs a command that must fail fast with this code, and give nothing away. */
async function failsWith(folder: TestFolder, url: string, command = 'status'): Promise<ErrorInfo> {
  const started = performance.now();
  const result = await runCli([command, '--url', url, '--json'], { cwd: folder.path });
  expect(performance.now() - started, 'a coded error in time').toBeLessThan(IN_TIME_MS);
  expect(result.stdout + result.stderr).not.toContain(SECRET);
  const { error } = JSON.parse(result.stdout) as { error: ErrorInfo };
  expect(error, result.stdout).toBeDefined();
  expect(error.next?.length ?? 0, `${error.code} says what to do next`).toBeGreaterThan(0);
  expect(result.code).not.toBe(0);
  return error;
}

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

describe('postgres that does not answer well', () => {
  let server: TestPostgres;
  let folder: TestFolder;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
    folder = await createFolder({ 'migrations/001_a.sql': 'create table a (n int);' });
  });
  afterAll(async () => {
    await folder.remove();
    await server.stop();
  });

  it('unreachable', async () => {
    const error = await failsWith(folder, `postgres://u:${SECRET}@127.0.0.1:${await freePort()}/d`);
    expect(error.code).toBe('GODWIT_CONNECT_FAILED');
  });

  it('a port that accepts and never answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      const error = await failsWith(folder, `postgres://u:${SECRET}@127.0.0.1:${port}/d`);
      expect(error.code).toBe('GODWIT_CONNECT_FAILED');
    } finally {
      silent.close();
    }
  });

  it('missing database', async () => {
    const error = await failsWith(folder, url.replace(/\/[^/]+$/, '/not_there'));
    expect(error.code).toBe('GODWIT_DATABASE_MISSING');
  });

  it('a user who may only read sees status, and up is refused before anything', async () => {
    const { default: pg } = await import('pg');
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const role = `reader_${Date.now()}`;
    await admin.query(`create role ${role} login password '${SECRET}'`);
    await admin.end();
    const reader = new URL(url);
    reader.username = role;
    reader.password = SECRET;
    const status = await runJson<{ summary: { pending: number } }>(
      ['status', '--url', reader.href],
      { cwd: folder.path },
    );
    expect(status).toMatchObject({ code: 0, json: { summary: { pending: 1 } } });
    expect((await failsWith(folder, reader.href, 'up')).code).toBe('GODWIT_PERMISSION_DENIED');
  });
});

describe('mongodb that does not answer well', () => {
  let server: TestMongod;
  let folder: TestFolder;
  beforeAll(async () => {
    server = await startMongod({ auth: true });
    folder = await createFolder({
      'migrations/001_a.cjs':
        'exports.up = async (db) => { await db.collection("a").insertOne({}); };',
    });
  });
  afterAll(async () => {
    await folder.remove();
    await server.stop();
  });

  it('unreachable', async () => {
    const error = await failsWith(folder, `mongodb://u:${SECRET}@127.0.0.1:${await freePort()}/d`);
    expect(error.code).toBe('GODWIT_CONNECT_FAILED');
  });

  it('wrong password', async () => {
    const wrong = new URL(server.databaseUrl());
    wrong.password = SECRET;
    expect((await failsWith(folder, wrong.href)).code).toBe('GODWIT_AUTH_FAILED');
  });

  it('a user who may only read sees status, and up is refused before anything', async () => {
    const { MongoClient } = await import('mongodb');
    const url = server.databaseUrl();
    const name = new URL(url).pathname.slice(1);
    const client = await new MongoClient(url).connect();
    await client
      .db('admin')
      .command({ createUser: 'reader', pwd: SECRET, roles: [{ role: 'read', db: name }] });
    await client.close();
    const reader = new URL(url);
    reader.username = 'reader';
    reader.password = SECRET;
    reader.searchParams.set('authSource', 'admin');
    const status = await runJson<{ summary: { pending: number } }>(
      ['status', '--url', reader.href],
      { cwd: folder.path },
    );
    expect(status).toMatchObject({ code: 0, json: { summary: { pending: 1 } } });
    expect((await failsWith(folder, reader.href, 'up')).code).toBe('GODWIT_PERMISSION_DENIED');
  });
});
