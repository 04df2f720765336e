import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';
import { godwit } from './terminal.ts';

const FILES = {
  'migrations/001_users.sql':
    "CREATE TABLE users (id int PRIMARY KEY, name text);\nINSERT INTO users VALUES (1, 'a');\n",
  'migrations/001_users.down.sql': 'DROP TABLE users;\n',
  'migrations/002_email.sql': 'ALTER TABLE users ADD email text UNIQUE;\n',
  'migrations/002_email.down.sql': 'ALTER TABLE users DROP email;\n',
  'migrations/003_view.sql': 'CREATE VIEW names AS SELECT name FROM users;\n',
  'migrations/003_view.down.sql': 'DROP VIEW names;\n',
};

let server: TestPostgres;
let cwd: string;
let url: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  cwd = await project(FILES);
  url = await server.createDatabase();
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: documents are compared, not used
type Json = any;
const play = async (line: string, more: { url?: string; cwd?: string } = {}) => {
  const played = await godwit(line.split(' '), {
    cwd: more.cwd ?? cwd,
    env: { DATABASE_URL: more.url ?? url },
  });
  return { ...played, json: (): Json => played.json() };
};

async function ask(sql: string, at = url): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: at });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('schema dump', () => {
  it('prints SQL that loads, without godwit itself; as data too', async () => {
    await play('up');
    const dump = await play('schema dump');
    expect(dump).toMatchObject({ code: 0, err: '' });
    expect(dump.out).toContain('CREATE TABLE public.users (');
    expect(dump.out).not.toContain('godwit.history');
    const other = await server.createDatabase();
    await ask(dump.out, other);
    expect((await play('schema dump', { url: other })).out).toBe(dump.out);
    // Whoever may connect may look.
    await ask('CREATE ROLE onlooker LOGIN');
    const reader = new URL(url);
    reader.username = 'onlooker';
    expect((await play('schema dump', { url: reader.href })).out).toBe(dump.out);
    const refused = await play('schema diff --from a.sql --json', { url: reader.href });
    expect(refused.json().error.code).toBe('GODWIT_FILE_UNREADABLE');
    await writeFile(join(cwd, 'a.sql'), dump.out);
    const failed = await play('schema diff --from a.sql --json', { url: reader.href });
    expect(failed.json().error.code).toBe('GODWIT_SCRATCH_FAILED');
    await writeFile(join(cwd, 'bad.sql'), 'create table a (id int);\nselect nothing;\n');
    const bad = await play('schema diff --from bad.sql --json');
    expect(bad.json().error).toMatchObject({
      code: 'GODWIT_SNAPSHOT_UNLOADABLE',
      where: { statement: 'select nothing;' },
    });
    const data = (await play('schema dump --json')).json();
    expect(data).toMatchObject({ format: 1, driver: 'postgres', roles: [], warnings: [] });
    expect(data.objects.map(({ kind, name }: Record<string, string>) => `${kind} ${name}`)).toEqual(
      [
        'table public.users',
        'view public.names',
        'constraint public.users.users_email_key',
        'constraint public.users.users_pkey',
      ],
    );
  });
});

describe('schema diff', () => {
  it('compares with a dump, loaded or as data, and with another database', async () => {
    await play('up');
    expect((await play('schema dump --file before.sql')).out).toMatch(/before\.sql: 4 objects/);
    await play('schema dump --file before.json');
    expect(await play('schema diff --from before.sql --check')).toMatchObject({ code: 0 });
    await ask(
      'ALTER TABLE users ALTER name SET NOT NULL; DROP VIEW names; CREATE TYPE mood AS ENUM ()',
    );
    for (const from of ['before.sql', 'before.json']) {
      const diff = await play(`schema diff --from ${from} --check`);
      expect(diff.code).toBe(3);
      expect(diff.out).toContain(`  + type public.mood
      CREATE TYPE public.mood AS ENUM ()

  ~ table public.users
      CREATE TABLE public.users (
        id integer NOT NULL,
    -   name text,
    +   name text NOT NULL,
        email text
      )

  - view public.names
      CREATE VIEW public.names AS
       SELECT name
         FROM public.users

  1 added, 1 removed, 1 changed
`);
    }
    const empty = await server.createDatabase();
    const report = (await play(`schema diff --from ${empty} --json`)).json();
    expect(report).toMatchObject({ summary: { added: 4, removed: 0, changed: 0 }, warnings: [] });
    expect(
      await ask("select datname from pg_database where datname like 'godwit_scratch%'"),
    ).toEqual([]);
  });

  it('is empty after down and up again', async () => {
    await play('up');
    await play('schema dump --file before.json');
    await play('down --all');
    await play('up');
    expect((await play('schema diff --from before.json --check')).code).toBe(0);
  });

  it('shows what pending migrations would change, and touches nothing', async () => {
    await play('up 1');
    const diff = await play('schema diff --plan --check --json');
    expect(diff.code).toBe(3);
    expect(diff.json()).toMatchObject({ summary: { added: 2, changed: 1, removed: 0 } });
    expect((await play('status --json')).json().summary).toMatchObject({ applied: 1, pending: 2 });
    await writeFile(join(cwd, 'migrations/004_role.sql'), 'CREATE ROLE somebody;\n');
    const refused = await play('schema diff --plan --json');
    expect(refused).toMatchObject({ code: 5 });
    expect(refused.json().error.code).toBe('GODWIT_SCRATCH_REFUSED');
    const embedded = await play('schema diff --plan --scratch embedded --json');
    expect(embedded.json()).toMatchObject({ summary: { added: 2, changed: 1, removed: 0 } });
  });
});

describe('squash', () => {
  it('folds files into a baseline that old and new databases both have', async () => {
    await play('up');
    const half = await server.createDatabase();
    await play('up 1', { url: half });
    const old = await server.createDatabase();
    await play('up', { url: old });
    const squash = await play('squash --yes --json');
    expect(squash.json()).toMatchObject({
      file: 'migrations/003_baseline.sql',
      replaces: ['001_users', '002_email', '003_view'],
      recorded: true,
      warnings: [
        'migrations/001_users.sql:2: INSERT writes rows, which the baseline does not have.',
      ],
    });
    expect((await readdir(join(cwd, 'migrations'))).sort()).toEqual([
      '.squashed',
      '003_baseline.sql',
    ]);
    expect(await readdir(join(cwd, 'migrations/.squashed/003_baseline'))).toHaveLength(6);
    await writeFile(join(cwd, 'migrations/004_more.sql'), 'CREATE TABLE more (id int);\n');
    // The one that squashed, one that had the files, one that had some, and a new one.
    expect((await play('up --json')).json().runs).toMatchObject([{ id: '004_more' }]);
    expect((await play('status --json', { url: old })).json()).toMatchObject({
      migrations: [
        { id: '003_baseline', state: 'applied' },
        { id: '004_more', state: 'pending' },
      ],
      summary: { applied: 1, pending: 1, missing: 0, modified: 0 },
    });
    expect((await play('up --json', { url: old })).json().runs).toMatchObject([{ id: '004_more' }]);
    const history = (await play('history 003_baseline --json', { url: old })).json();
    expect(history.runs.at(-1)).toMatchObject({ via: 'baseline', reason: 'replaces 1, 2, 3' });
    const partial = await play('up --json', { url: half });
    expect(partial).toMatchObject({ code: 5 });
    expect(partial.json().error.code).toBe('GODWIT_SQUASH_PARTIAL');
    await play('up --dir migrations/.squashed/003_baseline', { url: half });
    expect((await play('up', { url: half })).code).toBe(0);
    const fresh = await server.createDatabase();
    expect((await play('up --json', { url: fresh })).json().runs).toMatchObject([
      { id: '003_baseline' },
      { id: '004_more' },
    ]);
    for (const other of [old, half, fresh]) {
      expect((await play(`schema diff --from ${other} --check`)).code).toBe(0);
    }
    expect(await readFile(join(cwd, 'migrations/003_baseline.sql'), 'utf8')).toMatchSnapshot();
  });

  it('refuses what is not applied, and changes nothing in a dry run', async () => {
    await play('up 2');
    expect((await play('squash --to 3 --yes --json')).json().error.code).toBe('GODWIT_PENDING');
    const dry = await play('squash --dry-run --json');
    expect(dry.json()).toMatchObject({ dryRun: true, file: 'migrations/002_baseline.sql' });
    expect(await readdir(join(cwd, 'migrations'))).toHaveLength(6);
    expect((await play('squash')).code).toBe(5);
  });
});
