import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { Migrator } from '../../../src/app/types.ts';
import { createPglite, type TestPglite } from '../../../src/testing/pglite.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';

const servers: TestPostgres[] = [];
const folders: TestPglite[] = [];
const roots: string[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
  for (const folder of folders) await folder.remove();
  for (const root of roots) await rm(root, { recursive: true, force: true });
});

const PLACES = [
  {
    name: 'postgres of the system',
    start: async () => {
      const server = await startPostgres();
      servers.push(server);
      return () => server.createDatabase();
    },
  },
  {
    name: 'postgres 18',
    start: async () => {
      const server = await startPostgres({ version: 'embedded' });
      servers.push(server);
      return () => server.createDatabase();
    },
  },
  {
    name: 'pglite',
    start: async () => async () => {
      const folder = await createPglite();
      folders.push(folder);
      return folder.url;
    },
  },
];

const FILES = {
  'supabase/migrations/20260101000000_users.sql':
    'create table users (id int primary key, name text);',
  'supabase/seed.sql': "insert into users values (1, 'seeded');",
  'supabase/migrations/R__active.sql':
    'create or replace view active as select * from supabase_base;',
  'supabase/views/supabase_base.sql':
    'create or replace view supabase_base as select id from users;',
  'supabase/views/one.sql':
    'create or replace function one() returns int language sql as $$ select 1 $$;',
};

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
}

describe.each(PLACES)('definitions on $name', ({ start }) => {
  let create: () => Promise<string>;
  beforeAll(async () => {
    create = await start();
  });

  it('are run when they changed, in one transaction, in an order that works', async () => {
    const root = await mkdtemp(join(tmpdir(), 'godwit-definitions-'));
    roots.push(root);
    await write(root, FILES);
    const url = await create();
    const over = async <T>(work: (migrator: Migrator) => Promise<T>): Promise<T> => {
      const migrator = createMigrator({
        ...{ root, url, config: false, dir: 'supabase/migrations' },
        definitions: ['supabase/views'],
      });
      return work(migrator).finally(() => migrator.close());
    };

    const plan = await over((migrator) => migrator.plan());
    expect(plan.steps.map(({ id }) => id)).toEqual(['20260101000000_users']);
    expect(plan.definitions?.map(({ id, reasons }) => [id, ...reasons])).toEqual([
      ['run-definition active', 'never run'],
      ['run-definition one', 'never run'],
      ['run-definition supabase_base', 'never run'],
    ]);
    const up = await over((migrator) => migrator.up());
    expect(up.error).toBeUndefined();
    expect(up.definitions?.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    const status = await over((migrator) => migrator.status());
    expect(status.definitions).toEqual([]);
    expect(status.summary).toMatchObject({ applied: 1, pending: 0, missing: 0 });
    expect((await over((migrator) => migrator.up())).definitions).toEqual([]);

    // A formatter's work is no change.
    await write(root, { 'supabase/views/one.sql': `-- one\n${FILES['supabase/views/one.sql']}\n` });
    expect((await over((migrator) => migrator.status())).definitions).toEqual([]);

    await write(root, {
      'supabase/views/one.sql':
        'create or replace function one() returns int language sql as $$ select 2 $$;',
      'supabase/views/two.sql': 'create or replace view two as select * from nowhere;',
    });
    const failed = await over((migrator) => migrator.up());
    expect(failed.error).toMatchObject({
      code: 'GODWIT_DEFINITION_FAILED',
      where: { file: 'supabase/views/two.sql', line: 1 },
    });
    expect(failed.definitions?.map(({ collection, status }) => [collection, status])).toEqual([
      ['one', 'skipped'],
      ['two', 'failed'],
    ]);
    const left = await over((migrator) => migrator.status());
    expect(left.definitions?.map(({ collection }) => collection)).toEqual(['one', 'two']);

    await write(root, { 'supabase/views/two.sql': 'create or replace view two as select one();' });
    const mended = await over((migrator) => migrator.up());
    expect(mended.error).toBeUndefined();
    expect(mended.definitions?.map(({ status }) => status)).toEqual(['done', 'done']);
    const { runs } = await over((migrator) => migrator.history());
    expect(runs.filter(({ kind }) => kind === 'definition').map(({ status }) => status)).toEqual([
      ...['applied', 'applied', 'applied', 'failed', 'applied', 'applied'],
    ]);
    if (!url.startsWith('pglite')) await look(url);
  });
});

async function look(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      'select (select one()) as one, count(*)::int as seeded from users',
    );
    // supabase/seed.sql is no migration.
    expect(rows).toEqual([{ one: 2, seeded: 0 }]);
  } finally {
    await client.end();
  }
}
