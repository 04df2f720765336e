import { expect, it } from 'vitest';
import { codes, sqlFile } from '../lint-text.ts';

const exposed = { exposedSchemas: ['public'] };

it('a new table of an exposed schema needs row level security', async () => {
  const text =
    'select 1;\ncreate table if not exists "Users" (a int);\ncreate table api.b (a int);';
  expect(await codes(sqlFile(text), exposed)).toEqual(['GODWIT_LINT_RLS_MISSING:2']);
  expect(await codes(sqlFile(text), { exposedSchemas: ['api'] })).toEqual([
    'GODWIT_LINT_RLS_MISSING:3',
  ]);
  expect(await codes(sqlFile(text))).toEqual([]);
});

it('it may be switched on further down, or in another file', async () => {
  const table = sqlFile('create table users (a int);');
  const on = 'alter table only public.users enable row level security;';
  expect(await codes(sqlFile(`create table users (a int); ${on}`), exposed)).toEqual([]);
  expect(await codes(table, { ...exposed, all: [table, sqlFile(on)] })).toEqual([]);
});

it('nothing is said of temporary tables, nor where a block does what cannot be seen', async () => {
  expect(await codes(sqlFile('create temp table t (a int);'), exposed)).toEqual([]);
  const block = "do $$ begin execute 'alter table t enable row level security'; end $$;";
  expect(await codes(sqlFile(`create table t (a int); ${block}`), exposed)).toEqual([]);
});
