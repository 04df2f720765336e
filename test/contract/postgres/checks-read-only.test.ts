import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { createFolder } from '../../e2e/support/folder.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

it('validate works for a user who may only read, and says what it may not', async () => {
  const url = await server.createDatabase();
  const folder = await createFolder({
    'migrations/001_a.sql': `create table a (public_id text); insert into a values (null);
      create table secret (public_id text unique); create role anon; create role reader login password 'r';
      grant usage on schema public, godwit to reader; grant select on a to reader;
      grant select on all tables in schema godwit to reader;`,
    'migrations/001_a.verify.sql': 'select 1 where not exists (select from a)',
    'checks/a.sql': `select 'found it' as message from a`,
  });
  const owner = createMigrator({ url, root: folder.path });
  const reading = new URL(url);
  reading.username = 'reader';
  reading.password = 'r';
  const reader = createMigrator({
    url: reading.href,
    root: folder.path,
    expectations: ['anon cannot select a'],
    exposedSchemas: [],
  });
  try {
    expect((await owner.up()).error).toBeUndefined();
    const { findings } = await reader.validate();
    expect(
      findings.map(
        ({ severity, code, where }) =>
          `${severity} ${code} ${where.table ?? where.id ?? where.file}`,
      ),
    ).toEqual([
      'info GODWIT_IRREVERSIBLE 001_a',
      'warning GODWIT_CHECK_PUBLIC_ID_INDEX a',
      'info GODWIT_CHECK_NOT_ASKED secret',
      'warning GODWIT_CHECK_PUBLIC_ID_MISSING a',
      'error GODWIT_CHECK_FOUND checks/a.sql',
    ]);
  } finally {
    await reader.close();
    await owner.close();
    await folder.remove();
  }
});
