import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BuiltInRequest, Checks } from '../../../src/ports/checks.ts';
import type { Finding } from '../../../src/ports/finding.ts';
import { ROLES, SERVERS } from './checks-kit.ts';
import type { TestDatabase, TestServer } from './kit.ts';

const ALL: BuiltInRequest = { publicIds: [], documents: false, off: new Set() };

describe.each(SERVERS)('built-in checks on %s', (_name, open) => {
  let server: TestServer;
  let database: TestDatabase;
  let checks: Checks;

  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await server.create();
    const opened = await database.driver.checks?.();
    if (!opened) throw new Error('no checks');
    checks = opened;
  });
  afterEach(async () => {
    await checks.close();
    await database.close();
  });

  async function sql(...statements: string[]): Promise<void> {
    for (const statement of statements) await database.ask(statement);
  }

  async function find(code: string, request: Partial<BuiltInRequest> = {}): Promise<Finding[]> {
    const findings = await checks.builtIn({ ...ALL, ...request });
    expect(findings.filter((finding) => finding.code === 'GODWIT_CHECK_NOT_ASKED')).toEqual([]);
    return findings.filter((finding) => finding.code === code);
  }

  it('finds nothing in an empty database', async () => {
    expect(await checks.builtIn(ALL)).toEqual([]);
  });

  it('finds an invalid index, and how to build it again', async () => {
    await sql(
      'create table t (a int)',
      'create index t_a on t (a)',
      `update pg_index set indisvalid = false where indexrelid = 't_a'::regclass`,
    );
    expect(await find('GODWIT_CHECK_INVALID_INDEX')).toEqual([
      {
        code: 'GODWIT_CHECK_INVALID_INDEX',
        severity: 'warning',
        where: { schema: 'public', table: 't', index: 't_a' },
        message: expect.stringMatching(/t_a of t is invalid/),
        fix: 'reindex index concurrently "public"."t_a"',
      },
    ]);
  });

  it('finds duplicate indexes, and keeps what a constraint stands on', async () => {
    await sql(
      'create table t (id int primary key, a int, b text)',
      'create index t_id on t (id)',
      'create index t_a on t (a)',
      'create index t_a2 on t (a)',
      'create index t_a_desc on t (a desc)',
      'create index t_a_some on t (a) where b is null',
      'create index t_lower on t (lower(b))',
    );
    const found = await find('GODWIT_CHECK_DUPLICATE_INDEX');
    expect(found.map(({ where, fix }) => [where.index, fix])).toEqual([
      ['t_a2', 'drop index concurrently "public"."t_a2"'],
      ['t_id', 'drop index concurrently "public"."t_id"'],
    ]);
    await sql('drop index t_a2', 'drop index t_id');
    expect(await find('GODWIT_CHECK_DUPLICATE_INDEX')).toEqual([]);
  });

  it('finds constraints that were never validated, and types the fix', async () => {
    await sql(
      'create table "Odd t" (a int)',
      'alter table "Odd t" add constraint positive check (a > 0) not valid',
    );
    const [found] = await find('GODWIT_CHECK_UNVALIDATED_CONSTRAINT');
    expect(found).toMatchObject({ where: { table: 'Odd t', constraint: 'positive' } });
    await sql(found?.fix ?? '');
    expect(await find('GODWIT_CHECK_UNVALIDATED_CONSTRAINT')).toEqual([]);
  });

  it('finds foreign keys that no index begins with', async () => {
    await sql(
      'create table a (x int, y int, primary key (x, y))',
      'create table b (x int, y int, z int, constraint b_a foreign key (x, y) references a)',
      'create index b_other on b (z, x, y)',
      'create index b_some on b (x, y) where z > 0',
    );
    expect(await find('GODWIT_CHECK_FOREIGN_KEY_INDEX')).toMatchObject([
      {
        where: { schema: 'public', table: 'b', column: 'x', constraint: 'b_a' },
        fix: 'create index concurrently on "public"."b" (x, y)',
      },
    ]);
    await sql('create index on b (y, x, z)');
    expect(await find('GODWIT_CHECK_FOREIGN_KEY_INDEX')).toEqual([]);
  });

  it('finds tables that an API shows without row level security', async () => {
    await sql(
      ROLES,
      'create table open (a int)',
      'create schema inner_',
      'create table inner_.t ()',
    );
    await sql('grant usage on schema public to anon', 'grant select, delete on open to anon');
    const [found, ...more] = await find('GODWIT_CHECK_RLS_DISABLED');
    expect(more).toEqual([]);
    expect(found).toMatchObject({ where: { schema: 'public', table: 'open' } });
    expect(found?.message).toMatch(/anon may select, delete there/);
    expect(await find('GODWIT_CHECK_RLS_DISABLED', { exposedSchemas: ['inner_'] })).toMatchObject([
      { where: { schema: 'inner_', table: 't' } },
    ]);
    expect(await find('GODWIT_CHECK_RLS_DISABLED', { exposedSchemas: [] })).toEqual([]);
    await sql(found?.fix ?? '');
    expect(await find('GODWIT_CHECK_RLS_DISABLED')).toEqual([]);
    expect(await find('GODWIT_CHECK_RLS_WITHOUT_POLICY')).toMatchObject([
      { where: { schema: 'public', table: 'open' } },
    ]);
  });

  it('finds policies by which anon writes, where it has the right to', async () => {
    await sql(
      ROLES,
      'grant usage on schema public to anon',
      'create table t (id int, owner text)',
      'alter table t enable row level security',
      'create policy everything on t for all using (true)',
      'create policy named on t for insert to anon with check (owner is not null)',
      'create policy reading on t for select to anon using (true)',
      'create policy mine on t for update using (owner = current_user)',
    );
    expect(await find('GODWIT_CHECK_ANONYMOUS_WRITE')).toEqual([]);
    await sql('grant select, insert, update, delete on t to anon');
    const found = await find('GODWIT_CHECK_ANONYMOUS_WRITE');
    expect(found.map(({ where, message }) => [where.policy, message])).toEqual([
      ['everything', expect.stringMatching(/anon may insert, update, delete without/)],
      ['named', expect.stringMatching(/anon may insert without/)],
    ]);
    await sql(ROLES, ...found.map(({ fix }) => fix));
    expect(await find('GODWIT_CHECK_ANONYMOUS_WRITE')).toEqual([]);
  });

  it('finds public ids that are missing, double, wrong or not unique', async () => {
    await sql(
      'create table patients (id int, public_id text)',
      `insert into patients values (1, 'pat_a'), (2, 'pat_a'), (3, null), (4, 'doc_b')`,
      'create table "Visits" (ref text)',
      `insert into "Visits" values ('vis_1'), ('v_2')`,
      'create table good (public_id text not null unique)',
    );
    const request: Partial<BuiltInRequest> = {
      exposedSchemas: [],
      publicIds: [
        { table: 'patients', column: 'public_id', prefix: 'pat' },
        { schema: 'public', table: 'Visits', column: 'ref', prefix: 'vis' },
      ],
    };
    const findings = await checks.builtIn({ ...ALL, ...request });
    expect(
      findings.map(({ code, where, message }) => [code.slice(13), where.table, message]),
    ).toEqual([
      ['PUBLIC_ID_INDEX', 'Visits', 'Nothing makes Visits.ref unique.'],
      ['PUBLIC_ID_INDEX', 'patients', 'Nothing makes patients.public_id unique.'],
      ['PUBLIC_ID_PREFIX', 'Visits', '1 row of Visits.ref does not begin with vis_.'],
      ['PUBLIC_ID_MISSING', 'patients', '1 row of patients has no public_id.'],
      ['PUBLIC_ID_DUPLICATE', 'patients', '1 value of patients.public_id is there more than once.'],
      ['PUBLIC_ID_PREFIX', 'patients', '1 row of patients.public_id does not begin with pat_.'],
    ]);
    const off = new Set(['GODWIT_CHECK_PUBLIC_ID_INDEX', 'GODWIT_CHECK_PUBLIC_ID_PREFIX']);
    expect((await checks.builtIn({ ...ALL, ...request, off })).length).toBe(2);
  });

  it('finds sequences near their end, by the column that they fill', async () => {
    await sql(
      'create table t (id serial primary key)',
      `select setval('t_id_seq', 1800000000)`,
      'create table big (id bigserial primary key)',
      `select setval('big_id_seq', 1800000000)`,
      'create sequence small minvalue 1 maxvalue 100',
      `select setval('small', 79)`,
    );
    const [found, ...more] = await find('GODWIT_CHECK_SEQUENCE');
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      where: { schema: 'public', table: 't', column: 'id', sequence: 't_id_seq' },
      message: 'The sequence t_id_seq of t.id has used 83 % of its numbers.',
    });
    await sql(...(found?.fix.split('; ') ?? []), `select setval('small', 95)`);
    expect(await find('GODWIT_CHECK_SEQUENCE')).toMatchObject([{ where: { sequence: 'small' } }]);
  });

  it('finds extensions that the server has not got', async () => {
    const file = { line: 1, transaction: 'auto', variables: false } as const;
    const found = await checks.missingExtensions?.([
      { ...file, file: 'a.sql', text: 'create extension if not exists plpgsql;' },
      {
        ...file,
        file: 'b.sql',
        text: `-- create extension no;\nselect 'create extension no';\nCREATE EXTENSION "no-such-thing";`,
      },
    ]);
    expect(found).toMatchObject([
      {
        code: 'GODWIT_CHECK_EXTENSION',
        severity: 'error',
        where: { file: 'b.sql', line: 3, extension: 'no-such-thing' },
      },
    ]);
  });

  it('runs SQL of others without letting it write', async () => {
    await sql('create table t (a int)', 'insert into t values (1)');
    const ask = (text: string) =>
      checks.rows?.({ text, file: 'c.sql', line: 1, transaction: 'auto', variables: false }, {});
    expect(await ask(`select a, 'x' as message from t; select 2 as b`)).toEqual([
      { a: '1', message: 'x' },
      { b: '2' },
    ]);
    for (const text of [
      'delete from t returning a',
      'commit; delete from t',
      'set transaction read write; delete from t',
      'select nope from t',
      'create index concurrently x on t (a)',
    ]) {
      expect(await ask(text), text).toMatchObject({ message: expect.any(String) });
    }
    expect(await database.ask('select count(*)::int as n from t')).toEqual([{ n: 1 }]);
    await expect(
      checks.call(async ({ positional: [client] }) =>
        (client as { query(sql: string): Promise<unknown> }).query('delete from t'),
      ),
    ).rejects.toThrow(/read-only/);
  });
});
