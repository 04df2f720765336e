import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { startBinary } from '../../cli/binary.ts';
import { hasPgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { rounds } from '../../support/rounds.ts';
import { createProject, fingerprintOf, hasPsql, type Project, psql } from './backup-kit.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ version: 'embedded' });
});
afterAll(() => server.stop());

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query(sql);
    return (Array.isArray(result) ? result.at(-1) : result).rows;
  } finally {
    await client.end();
  }
};

/** A project whose first two migrations are applied, and a third is pending. */
async function pendingProject(url: string): Promise<Project> {
  const project = await createProject(url);
  await project.add(
    '002_second.sql',
    'create table filled as select * from generate_series(1, 3) n;',
  );
  const migrator = project.migrator();
  await migrator.up();
  await migrator.close();
  await project.add('003_third.sql', 'create table third (id int);');
  return project;
}
const folderOf = (project: Project) => join(project.root, 'backup', 'migrations');
const ids = async (project: Project) =>
  (await readdir(folderOf(project))).filter((name) => /^\d{8}-/.test(name));

describe('a full disk', () => {
  const mounted: string[] = [];
  afterAll(() => {
    for (const folder of mounted) spawnSync('umount', [folder]);
  });

  /** A file system of a few MB where the backups go. @returns whether it could be made */
  async function smallDisk(project: Project, size: string): Promise<boolean> {
    const folder = folderOf(project);
    await mkdir(folder, { recursive: true });
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
    if (status === 0) mounted.push(folder);
    return status === 0;
  }

  it('is seen before anything is written, and stops the plan', async (test) => {
    const project = await pendingProject(await server.createDatabase());
    await query(
      project.url,
      'create table big as select md5(i::text) from generate_series(1, 60000) i',
    );
    if (!(await smallDisk(project, '1m'))) test.skip('mounting is not possible here');
    const migrator = project.migrator({ backup: { mode: 'full' } });
    await expect(migrator.up()).rejects.toMatchObject({
      code: 'GODWIT_DISK_FULL',
      state: expect.stringContaining('unchanged'),
    });
    expect(await readdir(folderOf(project))).toEqual([]);
    expect((await migrator.status()).summary).toMatchObject({ applied: 2, pending: 1 });
    await migrator.close();
  });

  it('is noticed while it becomes full, and leaves nothing behind', async (test) => {
    const project = await pendingProject(await server.createDatabase());
    // Small in the database, where it is compressed; large as text.
    await query(
      project.url,
      `create table big as select repeat('large ', 200000) from generate_series(1, 3) i`,
    );
    if (!(await smallDisk(project, '1m'))) test.skip('mounting is not possible here');
    const migrator = project.migrator({ backup: { mode: 'full' } });
    await expect(migrator.up()).rejects.toMatchObject({ code: 'GODWIT_DISK_FULL' });
    expect(await readdir(folderOf(project))).toEqual([]);
    expect((await migrator.status()).summary).toMatchObject({ applied: 2, pending: 1 });
    // The copy alone has room.
    expect((await migrator.backup.create()).backup.rows).toBeGreaterThan(5);
    await migrator.close();
  });
});

describe('kill -9 during a backup', () => {
  it('leaves nothing that looks like one, and the next removes what it left', async () => {
    const project = await pendingProject(await server.createDatabase());
    await query(
      project.url,
      `create table big as select i, md5(i::text), random() from generate_series(1, 150000) i`,
    );
    await writeFile(join(project.root, 'godwit.config.json'), '{ "backup": { "mode": "full" } }');
    const folder = folderOf(project);
    for (let round = 0; round < rounds(3, 100); round++) {
      const running = startBinary(['up', '--url', project.url], { cwd: project.root });
      // What an earlier round left is there from the beginning.
      await Promise.race([untilPartial(folder), running.ended]);
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 1_000));
      running.process.kill('SIGKILL');
      await running.ended;
      const migrator = project.migrator();
      // It was through already: the next round has something to do again.
      if ((await migrator.status()).summary.pending === 0) {
        await project.add(`1${String(round).padStart(3, '0')}_more.sql`, 'select 1;');
      }
      const { backups, problems } = await migrator.backup.list();
      expect(problems).toEqual([]);
      expect((await migrator.backup.verify()).findings).toEqual([]);
      for (const { id } of backups)
        expect(existsSync(join(folder, id, 'manifest.json'))).toBe(true);
      await migrator.close();
    }
    const last = await startBinary(['up', '--url', project.url], { cwd: project.root }).ended;
    expect(last.code, last.err).toBe(0);
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('during a restore leaves the database as it was before or after it', async () => {
    const project = await pendingProject(await server.createDatabase());
    await query(
      project.url,
      'create table big as select md5(i::text) from generate_series(1, 50000) i',
    );
    const migrator = project.migrator();
    await migrator.backup.create();
    const restored = await fingerprintOf(project.url);
    for (let round = 0; round < rounds(2, 100); round++) {
      await query(project.url, 'delete from big where random() < 0.5; create table since (id int)');
      const now = await fingerprintOf(project.url);
      const argv = ['backup', 'restore', '--yes', '--url', project.url];
      const running = startBinary(argv, { cwd: project.root });
      await running.says('replaces what is in');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      running.process.kill('SIGKILL');
      await running.ended;
      await untilAlone(project.url);
      const found = await fingerprintOf(project.url);
      expect([JSON.stringify(now), JSON.stringify(restored)]).toContain(JSON.stringify(found));
      await migrator.backup.restore();
      expect(await fingerprintOf(project.url)).toEqual(restored);
    }
    await migrator.close();
  });

  /** The server finishes what it was told before it notices. */
  async function untilAlone(url: string): Promise<void> {
    for (;;) {
      const [others] = await query(
        url,
        `select count(*)::int n from pg_stat_activity where datname = current_database()
          and pid <> pg_backend_pid() and state <> 'idle'`,
      );
      if (others?.['n'] === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function untilPartial(folder: string): Promise<void> {
    for (;;) {
      const names = await readdir(folder).catch(() => []);
      if (names.some((name) => name.endsWith('.partial'))) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
});

describe('a restore', () => {
  it('refuses damaged files, and one of another database', async () => {
    const project = await pendingProject(await server.createDatabase());
    const migrator = project.migrator();
    const { backup } = await migrator.backup.create();
    const other = project.migrator({ url: await server.createDatabase() });
    await expect(other.backup.restore()).rejects.toMatchObject({ code: 'GODWIT_USAGE' });
    await other.backup.restore(undefined, { otherDatabase: true });
    expect((await other.status()).summary).toMatchObject({ applied: 2, pending: 1 });
    await other.close();
    await truncate(join(backup.folder, 'database.sql.gz'), 100);
    await expect(migrator.backup.restore()).rejects.toMatchObject({
      code: 'GODWIT_BACKUP_DAMAGED',
      message: expect.stringContaining('100 bytes'),
    });
    expect(await migrator.backup.verify()).toMatchObject({
      findings: [{ code: 'GODWIT_BACKUP_DAMAGED', severity: 'error' }],
    });
    await expect(migrator.backup.restore('2020')).rejects.toMatchObject({
      code: 'GODWIT_BACKUP_UNKNOWN',
    });
    await migrator.close();
  });

  it.skipIf(!hasPsql)('is all or nothing, by psql and by godwit, and minds the lock', async () => {
    const project = await pendingProject(await server.createDatabase());
    const migrator = project.migrator();
    await migrator.backup.create({ plain: true });
    await query(project.url, 'insert into filled values (4)');
    const now = await fingerprintOf(project.url);
    const text = await readFile(project.plain, 'utf8');
    const broken = join(project.root, 'broken.sql');
    await writeFile(broken, text.replace('-- The lock as it is now', 'select no_such_thing;\n--'));
    expect(psql(project.url, broken)).toMatchObject({
      code: 3,
      output: expect.stringContaining('no_such_thing'),
    });
    expect(await fingerprintOf(project.url)).toEqual(now);
    const key = /pg_try_advisory_xact_lock\((-?\d+)\)/.exec(text)?.[1];
    const holder = new pg.Client({ connectionString: project.url });
    await holder.connect();
    await holder.query(`select pg_advisory_lock(${key})`);
    expect(psql(project.url, project.plain).output).toContain('godwit is at work');
    await holder.end();
    const aborted = new AbortController();
    aborted.abort();
    await expect(
      migrator.backup.restore(undefined, { signal: aborted.signal }),
    ).rejects.toMatchObject({ code: 'GODWIT_STOPPED' });
    expect(await fingerprintOf(project.url)).toEqual(now);
    await migrator.close();
  });

  it('tells whom it waits for, and can be stopped then', async () => {
    const project = await pendingProject(await server.createDatabase());
    const migrator = project.migrator();
    await migrator.backup.create();
    await query(project.url, 'create table since (id int)');
    const now = await fingerprintOf(project.url);
    const busy = new pg.Client({ connectionString: project.url });
    await busy.connect();
    await busy.query('begin; select * from filled');
    const stop = new AbortController();
    const waiting: string[] = [];
    migrator.on((event) => {
      if (event.type !== 'backup.progress' || !event.name.startsWith('waiting')) return;
      waiting.push(event.name);
      stop.abort();
    });
    await expect(migrator.backup.restore(undefined, { signal: stop.signal })).rejects.toMatchObject(
      { code: 'GODWIT_STOPPED', state: expect.stringContaining('as it was') },
    );
    expect(waiting[0]).toMatch(/waiting for pid \d+ .*select \* from filled/);
    await busy.end();
    expect(await fingerprintOf(project.url)).toEqual(now);
    await migrator.backup.restore();
    expect(await fingerprintOf(project.url)).not.toEqual(now);
    await migrator.close();
  });

  it.skipIf(!hasPsql)('works for a user who owns the database and no more', async () => {
    const admin = await server.createDatabase();
    const name = `owner_${Math.random().toString(36).slice(2)}`;
    await query(
      admin,
      `create role ${name} login; alter database "${new URL(admin).pathname.slice(1)}" owner to ${name}`,
    );
    const url = Object.assign(new URL(admin), { username: name }).href;
    const project = await pendingProject(url);
    await query(
      url,
      'revoke usage on schema public from public; grant usage on schema public to postgres',
    );
    const before = await fingerprintOf(admin);
    const migrator = project.migrator();
    await migrator.up({ backup: true });
    await migrator.close();
    expect(psql(url, project.plain)).toMatchObject({ code: 0 });
    expect(await fingerprintOf(admin)).toEqual(before);
  });

  it('puts back what hangs on it from schemas of others, and leaves those alone', async () => {
    const admin = await server.createDatabase();
    const name = `app_${Math.random().toString(36).slice(2)}`;
    await query(
      admin,
      `create role ${name} login; alter database "${new URL(admin).pathname.slice(1)}" owner to ${name};
      create schema auth; create table auth.users (id int primary key, email text);
      grant usage on schema auth to public; grant references, trigger, select on auth.users to ${name};
      create publication everything for table auth.users; alter publication everything owner to ${name}`,
    );
    const url = Object.assign(new URL(admin), { username: name }).href;
    const project = await createProject(url);
    await project.add(
      '001_first.sql',
      'create table profiles (id int primary key references auth.users);',
    );
    await project.add(
      '002_second.sql',
      'create function greet() returns trigger language plpgsql as $$ begin return new; end $$;',
    );
    const migrator = project.migrator();
    expect((await migrator.up()).summary).toMatchObject({ applied: 2 });
    await query(
      admin,
      `create trigger greet after insert on auth.users for each row execute function greet();
      alter table auth.users disable trigger greet;
      alter publication everything add table profiles`,
    );
    const before = await fingerprintOf(admin);
    const { backup } = await migrator.backup.create();
    expect(backup.notes).toEqual([expect.stringContaining('The schema auth is not in it')]);
    await query(url, 'create schema later; create table later.t (id int); drop table profiles');
    await query(admin, "insert into auth.users values (1, 'a')");
    // The trigger's table belongs to somebody else: its owner has to restore it.
    await migrator.close();
    const owner = project.migrator({ url: admin });
    await owner.backup.restore();
    await owner.close();
    await query(admin, 'delete from auth.users');
    expect(await fingerprintOf(admin)).toEqual(before);
  });
});

describe('a backup', () => {
  it('of some schemas leaves the others alone', async () => {
    const project = await createProject(await server.createDatabase());
    const migrator = project.migrator();
    await migrator.up();
    await expect(migrator.backup.create({ only: ['nowhere'] })).rejects.toMatchObject({
      code: 'GODWIT_BACKUP_FAILED',
    });
    const { backup } = await migrator.backup.create({ only: ['crm'] });
    expect(backup.only).toEqual(['crm', 'godwit']);
    await query(project.url, 'delete from patients; delete from crm.leads; create schema later');
    await migrator.backup.restore();
    const [counts] = await query(
      project.url,
      `select (select count(*)::int from patients) p, (select count(*)::int from crm.leads) l,
        to_regnamespace('later')::text later`,
    );
    expect(counts).toEqual({ p: 0, l: 50, later: 'later' });
    await migrator.close();
  });

  it('from before a failure stays until that is put right', async () => {
    const project = await pendingProject(await server.createDatabase());
    await project.add('003_third.sql', 'create table third (id int); select no_such_column;');
    const migrator = project.migrator({ backup: { mode: 'full', keep: { count: 1 } } });
    await migrator.backup.create();
    const first = await migrator.up();
    expect(await ids(project)).toEqual([first.backup?.id]);
    const second = await migrator.up();
    expect((await ids(project)).sort()).toEqual([first.backup?.id, second.backup?.id].sort());
    await project.add('003_third.sql', 'create table third (id int);');
    expect((await migrator.up()).summary).toMatchObject({ applied: 1, failed: 0 });
    expect(await ids(project)).toHaveLength(3);
    await project.add('004_fourth.sql', 'create table fourth (id int);');
    const last = await migrator.up();
    expect(await ids(project)).toEqual([last.backup?.id]);
    await migrator.close();
  });

  it('that is stopped leaves nothing, and the plan is not begun', async () => {
    const project = await pendingProject(await server.createDatabase());
    const migrator = project.migrator({ backup: { mode: 'full' } });
    const stop = new AbortController();
    migrator.on((event) => {
      if (event.type === 'backup.progress') stop.abort();
    });
    await expect(migrator.up({ signal: stop.signal })).rejects.toMatchObject({
      code: 'GODWIT_STOPPED',
    });
    expect(await ids(project)).toEqual([]);
    expect((await migrator.status()).summary).toMatchObject({ applied: 2, pending: 1 });
    await migrator.close();
  });

  it('under a lease is made by the own dump, and restored for as long as it takes', async () => {
    const project = await pendingProject(await server.createDatabase());
    await query(
      project.url,
      `create table big as select i, md5(i::text) from generate_series(1, 100000) i;
      create function slow(int) returns int immutable language sql as 'select $1 from pg_sleep(0.4)';
      create table few as select generate_series(1, 4) i; create index on few (slow(i))`,
    );
    const migrator = project.migrator({ lock: 'lease', lockLeaseMs: 600 });
    const { backup } = await migrator.backup.create();
    expect(backup.tool).toBe('godwit');
    await query(project.url, 'drop table big');
    expect((await migrator.backup.restore()).rows).toBe(backup.rows);
    expect(await migrator.lockHolder()).toBeUndefined();
    expect((await migrator.up()).summary).toMatchObject({ applied: 1 });
    await migrator.close();
  });

  it.skipIf(!existsSync('/usr/lib/postgresql/15/bin/pg_dump'))(
    'is not made by a pg_dump that is older than the server',
    async () => {
      const project = await pendingProject(await server.createDatabase());
      for (const [pgDump, why] of [
        ['/usr/lib/postgresql/15/bin/pg_dump', /older than the server \(18\)/],
        ['/nowhere/pg_dump', /cannot be run/],
      ] as const) {
        const migrator = project.migrator({ backup: { mode: 'full', pgDump } });
        await expect(migrator.up()).rejects.toMatchObject({
          code: 'GODWIT_BACKUP_FAILED',
          message: expect.stringMatching(why),
        });
        await migrator.close();
      }
      const migrator = project.migrator({ backup: { mode: 'full' } });
      expect(await migrator.up()).toMatchObject({ backup: { tool: 'godwit' } });
      await migrator.close();
    },
  );

  it('is made and restored over the one session of a client that is given', async () => {
    const project = await pendingProject(await server.createDatabase());
    const client = new pg.Client({ connectionString: project.url });
    await client.connect();
    const before = await fingerprintOf(project.url);
    const migrator = project.migrator({ url: undefined, client });
    expect(await migrator.up({ backup: true })).toMatchObject({ backup: { tool: 'godwit' } });
    await migrator.backup.restore();
    expect(await fingerprintOf(project.url)).toEqual(before);
    await expect(migrator.backup.verify(undefined, { rehearse: true })).rejects.toMatchObject({
      code: 'GODWIT_UNSUPPORTED',
    });
    await migrator.close();
    // What the script set for its session is gone from the caller's.
    expect((await client.query('show search_path')).rows[0].search_path).toContain('public');
    await client.end();
  });

  it('refuses what the own dump could not bring back', async () => {
    const project = await pendingProject(await server.createDatabase());
    await query(project.url, 'create text search configuration own (copy = english)');
    const migrator = project.migrator({ backup: { mode: 'full' } });
    await expect(migrator.up()).rejects.toMatchObject({
      code: 'GODWIT_BACKUP_FAILED',
      message: expect.stringContaining('text search configurations public.own'),
    });
    expect(await ids(project)).toEqual([]);
    await migrator.close();
  });

  it.skipIf(!hasPgbouncer())('is made through a transaction pooler, by the own dump', async () => {
    const pooler = await startPgbouncer(server, 'transaction');
    try {
      const project = await pendingProject(await server.createDatabase());
      const migrator = project.migrator({ url: pooler.through(project.url) });
      const report = await migrator.up({ backup: true });
      expect(report).toMatchObject({ summary: { applied: 1 }, backup: { tool: 'godwit' } });
      await migrator.backup.restore(undefined);
      expect((await migrator.status()).summary).toMatchObject({ applied: 2, pending: 1 });
      await migrator.close();
    } finally {
      await pooler.stop();
    }
  });
});
