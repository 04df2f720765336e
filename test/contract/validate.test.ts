import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../src/app/options.ts';
import type { Migrator } from '../../src/app/types.ts';
import { hasSystemPostgres, startPostgres } from '../../src/testing/postgres.ts';
import { createFolder, type TestFolder } from '../e2e/support/folder.ts';
import { openPglite } from '../support/pglite.ts';
import { AUTH, ROLES } from './postgres/checks-kit.ts';

interface Database {
  readonly options: Pick<MigratorOptions, 'url' | 'client' | 'driver'>;
  ask(sql: string): Promise<unknown>;
  close(): Promise<void>;
}

interface Server {
  create(): Promise<Database>;
  stop(): Promise<void>;
}

async function postgres(version: 'embedded' | 'system'): Promise<Server> {
  const server = await startPostgres({ version, settings: { jit: 'off' } });
  return {
    async create() {
      const url = await server.createDatabase();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return {
        options: { url },
        ask: (sql) => client.query(sql),
        close: () => client.end(),
      };
    },
    stop: () => server.stop(),
  };
}

async function pglite(): Promise<Server> {
  const { client, empty, close } = await openPglite();
  return {
    async create() {
      await empty();
      return {
        options: { client, driver: 'pglite' },
        ask: (sql) => client.exec(sql),
        close: async () => {},
      };
    },
    stop: close,
  };
}

const SERVERS: readonly (readonly [string, () => Promise<Server>])[] = [
  ['PostgreSQL, embedded', () => postgres('embedded')],
  ...(hasSystemPostgres()
    ? [['PostgreSQL, of the system', () => postgres('system')] as const]
    : []),
  ['PGlite', pglite],
];

describe.each(SERVERS)('validate on %s', (_name, open) => {
  let server: Server;
  let database: Database;
  let folder: TestFolder;
  let opened: Migrator[];

  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await server.create();
    folder = await createFolder();
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((migrator) => migrator.close()));
    await database.close();
    await folder.remove();
  });

  function migrator(options: MigratorOptions = {}): Migrator {
    const made = createMigrator({ ...database.options, root: folder.path, ...options });
    opened.push(made);
    return made;
  }

  const codes = (findings: readonly { severity: string; code: string }[]) =>
    findings
      .filter(({ code }) => code !== 'GODWIT_IRREVERSIBLE')
      .map(({ severity, code }) => `${severity} ${code.replace('GODWIT_CHECK_', '')}`);
  const found = async (options: MigratorOptions = {}) =>
    codes((await migrator(options).validate()).findings);

  it('asks verify again: of a file, and of code', async () => {
    await folder.write({
      'migrations/001_a.sql': 'create table a (n int check (n < 100)); insert into a values (1);',
      'migrations/001_a.verify.sql': 'select n from a where n > 10;',
      'migrations/002_b.mjs': `export const up = (client) => client.query('insert into a values (2)');
        export const verify = async (client) => (await client.query('select 1 from a where n = 2')).rows.length > 0;`,
      'migrations/003_later.sql': 'select 1;',
      'migrations/003_later.verify.sql': 'select 1;',
    });
    expect((await migrator().up({ to: '2' })).summary.applied).toBe(2);
    expect(await found()).toEqual([]);
    await database.ask('update a set n = n + 49');
    const { findings, summary } = await migrator().validate();
    expect(codes(findings)).toEqual(['error VERIFY', 'error VERIFY']);
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      {
        where: { id: '001_a', file: 'migrations/001_a.verify.sql' },
        message: expect.stringContaining('2 rows found'),
      },
      { where: { id: '002_b', file: 'migrations/002_b.mjs' } },
    ]);
    expect(summary.error).toBe(2);
    expect(await found({ checks: { GODWIT_CHECK_VERIFY: 'warning' } })).toEqual([
      'warning VERIFY',
      'warning VERIFY',
    ]);
    expect(await found({ checks: { GODWIT_CHECK_VERIFY: 'off' } })).toEqual([]);
  });

  it('asks the checks of the folder, in SQL and in code', async () => {
    await database.ask('create table a (n int); insert into a values (1), (2)');
    await folder.write({
      'checks/a.sql': `select 'a' as table, 'n is ' || n as message, 'fix ' || n as fix from a;`,
      'checks/b.sql': `-- godwit: warning\nselect n from a where n = 2`,
      'checks/c.sql': 'select 1;\nselect nothing from nowhere;',
      'checks/d.mjs': `export default async (client, { variables }) => {
        const { rows } = await client.query('select n from a where n > $1', [1]);
        return rows.map(({ n }) => ({ severity: 'info', code: 'MY_OWN', where: { table: 'a' }, message: variables.word + n }));
      };`,
      'checks/e.mjs': `export default (client) => client.query('delete from a')`,
      'checks/notes.txt': 'no check',
      'migrations/.keep': '',
    });
    const { findings } = await migrator({ variables: { word: 'hm' } }).validate();
    expect(findings).toMatchObject([
      {
        code: 'GODWIT_CHECK_FOUND',
        severity: 'error',
        where: { file: 'checks/a.sql', table: 'a' },
        message: 'n is 1',
        fix: 'fix 1',
      },
      { message: 'n is 2' },
      { severity: 'warning', message: 'b found n=2' },
      { code: 'GODWIT_CHECK_FAILED', severity: 'error', where: { file: 'checks/c.sql', line: 2 } },
      { code: 'MY_OWN', severity: 'info', where: { file: 'checks/d.mjs', table: 'a' } },
      { code: 'GODWIT_CHECK_FAILED', message: expect.stringContaining('read-only') },
    ]);
  });

  it('fails a plan for what it brought in, not for what was there', async () => {
    await database.ask('create table old (n int); insert into old values (1)');
    await folder.write({
      'checks/old.sql': `select 'old is not empty' as message from old`,
      'checks/new.sql': `select 'n is ' || n as message from new_one`,
      'migrations/001_new.sql': 'create table new_one (n int);',
      'migrations/002_rows.sql': 'insert into new_one values (7);',
      'migrations/003_more.sql':
        '-- godwit:up\ncreate table more (n int);\n-- godwit:down\ndrop table more;',
    });
    const how = { checksDir: 'checks' };
    const good = await migrator(how).up({ to: '1' });
    expect(good.error).toBeUndefined();
    expect(good.validation).toEqual({ findings: [], summary: { error: 0, warning: 0, info: 0 } });
    const bad = await migrator(how).up();
    expect(bad.summary).toEqual({ applied: 2, reverted: 0, failed: 0, remaining: 0 });
    expect(bad.error).toMatchObject({
      code: 'GODWIT_VALIDATION_FAILED',
      message: expect.stringContaining('n is 7'),
    });
    expect(bad.error?.message).not.toContain('old is not empty');
    const { summary } = await migrator(how).status();
    expect(summary).toMatchObject({ applied: 3, failed: 0 });
    // Now it was there before.
    expect((await migrator(how).down()).error).toBeUndefined();
    expect((await migrator({ ...how, validateAfter: false }).up()).validation).toBeUndefined();
  });

  it('stops after the migration that brought it in, when each is validated', async () => {
    await folder.write({
      'checks/few.sql': `select 'too many' as message from a having count(*) > 1`,
      'migrations/001_a.sql': 'create table a (n int);',
      'migrations/002_rows.sql': 'insert into a values (1), (2);',
      'migrations/002_rows.down.sql': 'delete from a;',
      'migrations/003_more.sql': 'create table more (n int);',
      'migrations/003_more.down.sql': 'drop table more;',
    });
    const how: MigratorOptions = { validateAfter: 'each' };
    const report = await migrator(how).up();
    expect(report.runs).toMatchObject([
      { id: '001_a', status: 'applied' },
      { id: '002_rows', status: 'applied', error: { code: 'GODWIT_VALIDATION_FAILED' } },
    ]);
    expect(report.summary).toEqual({ applied: 2, reverted: 0, failed: 0, remaining: 1 });
    expect(report.error).toMatchObject({
      code: 'GODWIT_VALIDATION_FAILED',
      state: '002_rows is done and recorded as such; nothing was run after it.',
    });
    expect((await migrator(how).down()).error).toBeUndefined();
    await folder.write({ 'migrations/002_rows.sql': 'insert into a values (1);' });
    const mended = await migrator(how).up();
    expect(mended.summary.applied).toBe(2);
    expect(mended.error).toBeUndefined();
    expect((await migrator(how).redo()).error).toBeUndefined();
    const together = await migrator(how).redo({ singleTransaction: true });
    expect(together.validation).toBeDefined();
    expect((await migrator().up({ validate: 'each' })).runs).toEqual([]);
  });

  it('an invalid index that the plan left is an error, an older one is not', async () => {
    const spoil = (name: string) =>
      `update pg_index set indisvalid = false where indexrelid = '${name}'::regclass;`;
    await database.ask(`create table a (n int); create index a_old on a (n); ${spoil('a_old')}`);
    await folder.write({
      'migrations/001_b.sql': `create table b (n int); create index b_new on b (n); ${spoil('b_new')}`,
    });
    const report = await migrator({ validateAfter: 'plan' }).up();
    expect(report.validation?.findings).toMatchObject([
      { code: 'GODWIT_CHECK_INVALID_INDEX', severity: 'error', where: { index: 'b_new' } },
    ]);
    expect(report.error?.code).toBe('GODWIT_VALIDATION_FAILED');
    expect(await found()).toEqual(['warning INVALID_INDEX', 'warning INVALID_INDEX']);
  });

  it('judges expectations of new tables when the plan is through', async () => {
    for (const statement of [ROLES, ...AUTH]) await database.ask(statement);
    await database.ask('alter default privileges in schema public grant all on tables to anon');
    await folder.write({
      'migrations/010_tables.sql':
        'create table notes (owner uuid, n int); insert into notes values (null, 1);',
      'migrations/012_rls.sql': 'alter table notes enable row level security;',
      'migrations/020_open.sql': 'create policy open on notes for select using (true);',
    });
    const how: MigratorOptions = {
      validateAfter: 'each',
      expectations: [
        'anon cannot select notes',
        { role: 'anon', cannot: ['insert', 'update', 'delete'], on: 'notes' },
      ],
    };
    const report = await migrator(how).up({ to: '12' });
    expect(report.error).toBeUndefined();
    expect(report.summary.applied).toBe(2);
    const bad = await migrator(how).up();
    expect(bad.error?.message).toMatch(
      /anon cannot select notes\. But anon sees rows, by the policy "open"/,
    );
    const [error] = (await migrator(how).validate()).findings.filter((f) => f.severity === 'error');
    await database.ask(error?.fix ?? '');
    expect((await found(how)).filter((line) => line.startsWith('error'))).toEqual([]);
    await database.ask('alter default privileges in schema public revoke all on tables from anon');
  });

  it('does not hold against a way back what it takes back', async () => {
    for (const statement of [ROLES, ...AUTH]) await database.ask(statement);
    await folder.write({
      'migrations/001_notes.sql': 'create table notes (n int); insert into notes values (1);',
      'migrations/001_notes.down.sql': 'drop table notes;',
      'migrations/002_grant.sql': 'grant select on notes to anon; alter table notes add m int;',
      'migrations/002_grant.down.sql':
        'revoke all on notes from anon; alter table notes drop column m;',
      'migrations/003_rls.sql':
        'alter table notes enable row level security; revoke insert on notes from anon; create policy a on notes for select using (true);',
      'migrations/003_rls.down.sql':
        'drop policy a on notes; alter table notes disable row level security; grant insert on notes to anon;',
      'checks/m.sql': 'select m from notes where m < 0;',
    });
    const how: MigratorOptions = {
      validateAfter: 'each',
      expectations: ['anon can select notes', 'anon cannot insert notes'],
    };
    expect((await migrator(how).up()).error).toBeUndefined();
    const opened = await migrator(how).down();
    expect(opened.error?.message).toMatch(/anon cannot insert notes/);
    await database.ask('revoke insert on notes from anon');
    const rest = await migrator(how).down({ all: true });
    expect(rest.error).toBeUndefined();
    expect(rest.summary.reverted).toBe(2);
  });

  it('knows before anything runs that an extension is not there', async () => {
    await folder.write({
      'migrations/001_a.sql': 'create table a (n int);',
      'migrations/002_ext.sql': '-- one\ncreate extension if not exists "no-such-thing";',
    });
    expect(await found()).toEqual(['error EXTENSION']);
    await expect(migrator().up()).rejects.toMatchObject({
      code: 'GODWIT_VALIDATION_FAILED',
      where: { file: 'migrations/002_ext.sql', line: 2 },
      state: 'Nothing was run.',
    });
    expect((await migrator().status()).summary.applied).toBe(0);
    const tried = await migrator().up({ validate: false });
    expect(tried.summary).toMatchObject({ applied: 1, failed: 1 });
  });
});
