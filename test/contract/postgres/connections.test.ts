import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PgClient, PgConnection } from '../../../src/drivers/postgres/pg-connection.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { startProxy } from '../../e2e/support/proxy.ts';
import { IN_TIME_MS } from '../../support/in-time.ts';
import { acquire, openPostgres, sqlJob } from './kit.ts';

const run = promisify(execFile);

describe('connections to PostgreSQL', () => {
  let server: TestPostgres;
  let folder: string;
  let admin: pg.Client;
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded' });
    admin = new pg.Client({ connectionString: server.url });
    admin.on('error', () => {});
    await admin.connect();
    folder = await mkdtemp(join(tmpdir(), 'godwit-tls-'));
  });
  afterAll(async () => {
    await admin.end().catch(() => undefined);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('answer also after a query that the client refused to send', async () => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const connection = new PgConnection(client as unknown as PgClient);
    const values = 'no array' as unknown as readonly unknown[];
    await expect(connection.query('select $1', values)).rejects.toThrow('array');
    await expect(connection.simple('select 1/0')).rejects.toThrow('division by zero');
    expect(await connection.simple('select 1')).toMatchObject([{ rows: [['1']] }]);
    await connection.close();
  });

  it('are checked against the CA and the name, and refused with a code', async () => {
    const { rows } = await admin.query('show data_directory');
    const data = rows[0].data_directory as string;
    const certificate = (name: string) =>
      run('openssl', [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=IP:127.0.0.1,DNS:localhost',
        '-keyout',
        join(folder, `${name}.key`),
        '-out',
        join(folder, `${name}.crt`),
      ]);
    await certificate('good');
    await certificate('wrong');
    const { uid, gid } = await stat(data);
    for (const end of ['crt', 'key']) {
      const file = join(data, `server.${end}`);
      await writeFile(file, await readFile(join(folder, `good.${end}`)));
      await chmod(file, 0o600);
      if (process.getuid?.() === 0) await chown(file, uid, gid);
    }
    await admin.query('alter system set ssl = on');
    await admin.query('select pg_reload_conf()');
    await sleep(300);
    const at = (ca: string) => `${server.url}?sslmode=verify-full&sslrootcert=${join(folder, ca)}`;
    const driver = await openPostgres(at('good.crt'));
    expect(await driver.history.versions()).toEqual([]);
    const { rows: used } = await admin.query(
      `select count(*)::int n from pg_stat_ssl s join pg_stat_activity a using (pid)
        where s.ssl and a.application_name = 'godwit'`,
    );
    expect(used[0].n).toBe(1);
    await driver.close();
    await expect(openPostgres(at('wrong.crt'))).rejects.toMatchObject({
      code: 'GODWIT_CONNECT_FAILED',
    });
    await expect(openPostgres(at('none.crt'))).rejects.toMatchObject({
      code: 'GODWIT_FILE_UNREADABLE',
    });
    await admin.query('alter system reset ssl');
    await admin.query('select pg_reload_conf()');
  });

  it('take on a role, for the work and for the records', async () => {
    await admin.query('create role worker_role');
    const url = await server.createDatabase();
    await admin.query(
      `grant create on database "${new URL(url).pathname.slice(1)}" to worker_role`,
    );
    const driver = await openPostgres(url, { role: 'worker_role' });
    const session = await acquire(driver);
    const text = 'create schema mine; create table mine.t (); reset role; create table mine.u ()';
    for (const [version, transaction] of [
      ['1', 'auto'],
      ['2', 'never'],
    ] as const) {
      const sql = { transaction };
      const job = sqlJob(session, version === '1' ? text : 'create table mine.v ()', {
        version,
        sql,
      });
      const outcome = await session.execute(job);
      expect(outcome, JSON.stringify(outcome.error)).toMatchObject({ status: 'applied' });
    }
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      `select tablename t, tableowner o from pg_tables where schemaname in ('mine', 'godwit') order by 1`,
    );
    expect(Object.fromEntries(rows.map(({ t, o }) => [t, o]))).toMatchObject({
      t: 'worker_role',
      u: 'postgres',
      v: 'worker_role',
      history: 'worker_role',
      lock: 'worker_role',
    });
    await client.end();
    await driver.close();
  });

  it('may be a Pool or a Client of the caller, who keeps them', async () => {
    const url = await server.createDatabase();
    const pool = new pg.Pool({ connectionString: url, max: 3 });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const [version, given] of [
      ['1', pool],
      ['2', client],
    ] as const) {
      const driver = await openPostgres(url, { client: given });
      const session = await acquire(driver);
      expect(await session.execute(sqlJob(session, 'select 1', { version }))).toMatchObject({
        status: 'applied',
      });
      await driver.close();
      expect((await given.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    }
    const { rows } = await client.query(
      `select count(*)::int n from pg_locks where locktype = 'advisory'`,
    );
    expect(rows).toEqual([{ n: 0 }]);
    await client.end();
    await pool.end();
    await expect(openPostgres(url, { client: {} })).rejects.toMatchObject({
      code: 'GODWIT_DRIVER_UNSUPPORTED',
    });
  });

  it('that are cut in mid-run end with a code in time, and a true history', async () => {
    const url = await server.createDatabase();
    for (const [version, seconds] of [
      ['1', 1],
      ['2', 30],
    ] as const) {
      const proxy = await startProxy({ host: '127.0.0.1', port: server.port });
      const detour = new URL(url);
      detour.port = String(proxy.port);
      const driver = await openPostgres(detour.href);
      const session = await acquire(driver, 10_000);
      const text = `create table t${version} (); select pg_sleep(${seconds})`;
      const running = session.execute(sqlJob(session, text, { version }));
      await sleep(300);
      const cut = performance.now();
      proxy.cut();
      const outcome = await running;
      expect(performance.now() - cut).toBeLessThan(IN_TIME_MS);
      // The server finishes the short one; of the long one nobody can know yet.
      if (version === '1') expect(outcome.status).toMatch(/applied|failed/);
      else expect(outcome.error?.code).toBe('GODWIT_COMMIT_UNKNOWN');
      if (outcome.status === 'applied') {
        expect(await driver.history.versions()).toMatchObject([{ state: 'applied' }]);
      }
      await driver.close();
      await proxy.stop();
    }
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`,
    );
  });

  it('to a server that never answers end in time', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const started = performance.now();
    await expect(
      openPostgres(`postgres://me@127.0.0.1:${port}/x`, { connectTimeoutMs: 1_000 }),
    ).rejects.toMatchObject({ code: 'GODWIT_CONNECT_FAILED' });
    expect(performance.now() - started).toBeLessThan(IN_TIME_MS);
    silent.close();
  });
});
