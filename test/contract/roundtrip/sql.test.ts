import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { RoundtripReport } from '../../../src/app/roundtrip/types.ts';
import { scratchName } from '../../../src/core/scratch-name.ts';
import { testMigrations } from '../../../src/testing/index.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { createFolder, type TestFolder } from '../../e2e/support/folder.ts';

const FILES = {
  'migrations/001_users.sql': 'create table users (id int primary key, name text);',
  'migrations/001_users.down.sql': 'drop table users;',
  'migrations/002_nick.sql': 'alter table users add nick text;\ncreate index on users (nick);',
  'migrations/002_nick.down.sql': 'drop index users_nick_idx;',
  'migrations/003_upper.sql': 'update users set name = upper(name);',
  'migrations/003_upper.down.sql': 'update users set name = lower(name);',
  'migrations/004_seen.sql': 'alter table users add seen timestamptz default clock_timestamp();',
  'migrations/004_seen.down.sql': 'alter table users drop seen;',
  'migrations/005_forward.sql': 'create table forward (id int);',
  'fixtures/002_nick/users.csv': 'id,name\n1,ann\n2,bob\n',
  'fixtures/003_upper/users.sql': "insert into users (id, name) values (3, 'Cid');",
};

let server: TestPostgres;
let folder: TestFolder;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());
afterEach(() => folder?.remove());

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const statuses = ({ migrations }: RoundtripReport) =>
  Object.fromEntries(migrations.map(({ version, status }) => [version, status]));
const found = ({ migrations }: RoundtripReport, version: string) =>
  migrations.find((one) => one.version === version);

it('tests SQL files in PGlite where nothing else is said', async () => {
  folder = await createFolder(FILES);
  const options = { root: folder.path, driver: 'postgres' as const, ids: ['1', '3'] };
  const report = await testMigrations({ ...options, bail: true });
  expect(report.database).toMatchObject({ driver: 'pglite', where: 'PGlite, in memory' });
  expect(statuses(report)).toEqual({ '1': 'passed', '3': 'failed' });
});

it('says of SQL files what down did not restore', async () => {
  folder = await createFolder(FILES);
  const url = await server.createDatabase();
  const report = await testMigrations({ root: folder.path, url });
  expect(statuses(report)).toEqual({
    '1': 'passed',
    '2': 'failed',
    '3': 'failed',
    '4': 'passed',
    '5': 'passed',
  });
  const nick = found(report, '2');
  expect(nick?.fixtures).toEqual(['users']);
  expect(nick?.differences).toMatchObject([
    { after: 'down', severity: 'error', change: 'changed', kind: 'table', name: 'public.users' },
    { kind: 'rows', rows: { changed: 2 } },
  ]);
  expect(found(report, '3')?.differences).toMatchObject([
    {
      ...{ after: 'down', kind: 'rows', name: 'public.users', change: 'changed' },
      rows: {
        ...{ before: 3, after: 3, missing: 0, extra: 0, changed: 1, complete: true },
        examples: [
          { key: '[3]', before: expect.stringMatching(/Cid/), after: expect.stringMatching(/cid/) },
        ],
      },
    },
  ]);
  // What differs each time is told, and fails nothing.
  expect(found(report, '4')?.differences).toMatchObject([{ after: 'again', severity: 'warning' }]);
  expect(found(report, '5')).toMatchObject({ reversible: false, down: null, differences: [] });
  expect(found(report, '5')?.again).toMatchObject({ status: 'applied' });
  expect(report.summary).toEqual({ passed: 3, failed: 2, irreversible: 1, skipped: 0 });
});

it('makes databases on a server and drops them, and leaves the project’s own alone', async () => {
  folder = await createFolder(FILES);
  const url = await server.createDatabase();
  const own = await server.createDatabase();
  await query(url, `create database ${scratchName(Date.now() - 3_600_000)}`);
  const processEnv = { DATABASE_URL: own };
  const report = await testMigrations({
    root: folder.path,
    url,
    processEnv,
    ids: ['4', '001_users'],
  });
  expect(report.migrations.map(({ id }) => id)).toEqual(['001_users', '004_seen']);
  expect(report.summary).toMatchObject({ passed: 2, failed: 0 });
  expect(report.database).toMatchObject({
    driver: 'postgres',
    where: expect.stringMatching(/127/),
  });
  const names = "select datname from pg_database where datname like 'godwit_scratch%'";
  expect(await query(url, names)).toEqual([]);
  for (const one of [url, own]) {
    expect(await query(one, "select 1 from pg_namespace where nspname = 'godwit'")).toEqual([]);
  }
});

it('stops at what does not go up; refuses statements that reach out of a shared server', async () => {
  folder = await createFolder({
    ...FILES,
    'migrations/002_nick.sql': 'alter table nobody add nick text;',
  });
  const url = await server.createDatabase();
  const options = { root: folder.path, url };
  const report = await testMigrations(options);
  expect(statuses(report)).toMatchObject({ '1': 'passed', '2': 'failed', '3': 'skipped' });
  expect(found(report, '2')?.up?.error).toMatchObject({ code: 'GODWIT_MIGRATION_FAILED' });
  const named = await testMigrations({ ...options, ids: ['003_upper'] });
  expect(named.migrations).toMatchObject([{ id: '003_upper', status: 'failed', up: null }]);
  expect(named.migrations[0]?.error?.message).toContain('002_nick');
  await expect(testMigrations({ ...options, ids: ['nobody'] })).rejects.toMatchObject({
    code: 'GODWIT_MIGRATION_UNKNOWN',
  });
  await folder.write({ 'migrations/006_role.sql': 'create role someone;' });
  await expect(testMigrations({ root: folder.path, url })).rejects.toMatchObject({
    code: 'GODWIT_SCRATCH_REFUSED',
  });
  await expect(
    testMigrations({ root: folder.path, url, environment: 'production' }),
  ).rejects.toMatchObject({ code: 'GODWIT_PRODUCTION' });
});

const CLINIC = {
  'migrations/001_clinic.sql': `create type kind as enum ('first', 'again');
    create table clinics (id bigint primary key, name text not null unique);
    create table patients (
      id uuid primary key default gen_random_uuid(), clinic bigint not null references clinics,
      number serial, email text unique, status text check (status in ('active', 'gone')),
      born date, kind kind, balance numeric(6,2), notes jsonb, tags text[], secret bytea,
      ip inet, upper_email text generated always as (upper(email)) stored);`,
  'migrations/001_clinic.down.sql': 'drop table patients, clinics; drop type kind;',
  'migrations/002_domain.sql': `alter table patients add domain text;
    update patients set domain = split_part(email, '@', 2);
    insert into patients (clinic) select min(id) from clinics;`,
  'migrations/002_domain.down.sql': `delete from patients where email is null;
    alter table patients drop domain;`,
};

it('takes a sample of the project’s database, which it only reads, and anonymises it', async () => {
  folder = await createFolder(CLINIC);
  const own = await server.createDatabase();
  const migrator = createMigrator({ root: folder.path, url: own });
  await migrator.up({ to: '1' });
  await query(
    own,
    `insert into clinics select 1000 + n, 'clinic ' || n from generate_series(1, 40) n;
     insert into patients (clinic, email, status, born, kind, balance, notes, tags, secret, ip)
     select 1041 - n, 'patient' || n || '@example.com', 'active', '1990-01-31', 'first', 12.50,
       '{"doctor": "Miriam", "age": 44}', '{red,blue}', '\\x010203', '10.1.2.3'
     from generate_series(1, 40) n`,
  );
  await query(own, 'analyze');
  const before = await query(own, 'select * from patients order by id');
  await migrator.close();
  const look: Record<string, unknown>[] = [];
  const options = { root: folder.path, sample: 10, processEnv: { DATABASE_URL: own } };
  // The sample is seen from within: by a migration that leaves what it found to this test.
  await folder.write({
    'migrations/003_look.js': `export async function up(client) {
      globalThis.seenByTest = (await client.query('select p.*, c.name as clinic_name from patients p join clinics c on c.id = p.clinic')).rows;
    }
    export async function down() {}`,
    'package.json': '{"type":"module"}',
  });
  const servers = [await server.createDatabase(), await server.createDatabase()];
  for (const url of servers) {
    const report = await testMigrations({ ...options, url });
    expect(report.migrations).toMatchObject([
      { id: '002_domain', status: 'passed' },
      { id: '003_look', status: 'passed' },
    ]);
    expect(report.sample).toEqual({ tables: 2, rows: expect.any(Number), refused: 0 });
    look.push(...((globalThis as { seenByTest?: typeof look }).seenByTest ?? []));
  }
  const patients = look.filter(({ email }) => email !== null);
  expect(patients).toHaveLength(20);
  for (const patient of patients) {
    expect(patient['email']).toMatch(/^[a-z]{7}\d{1,2}@[a-z]{7}\.[a-z]{3}$/);
    expect(patient).toMatchObject({ status: 'active', kind: 'first' });
    expect(JSON.stringify(patient)).not.toMatch(/patient\d|Miriam|example|10\.1\.2\.3|clinic \d/);
    expect(String(patient['clinic_name'])).toMatch(/^[a-z]{6} \d{1,2}$/);
    expect(Number(patient['balance'])).toBeGreaterThan(11);
  }
  const domains = new Set(patients.map(({ domain }) => domain));
  expect(domains.size).toBeGreaterThan(0);
  // The same seed gives the same rows on both servers.
  const emails = patients.map(({ email }) => email);
  expect(new Set(emails).size).toBe(10);
  expect(await query(own, 'select * from patients order by id')).toEqual(before);
  const applied = await testMigrations({ ...options, url: servers[0], ids: ['1'] });
  expect(applied.migrations).toMatchObject([{ id: '001_clinic', status: 'passed' }]);
});
