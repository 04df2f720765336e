import { describe, expect, it } from 'vitest';
import { isPlain } from '../../../../src/drivers/postgres/sql/index.ts';

describe('isPlain', () => {
  it.each([
    'select 1;',
    'create table a (id bigint primary key, at timestamptz not null default now());',
    'create table if not exists a (id int);\n-- words\ncreate unlogged table b (n int);',
    'create schema shop',
    '',
  ])('takes %j', (text) => {
    expect(isPlain(text)).toBe(true);
  });

  it.each([
    "set search_path = ''",
    "select set_config('a.b', 'c', false)",
    'select f()',
    'select pg_sleep(5)',
    'create temp table a (id int)',
    'create table a as table b',
    'create table a (id int); insert into a values (1)',
    'alter table a add b int default 1',
    'create index on a (b)',
    'create table pg_temp.a (id int)',
    'do $$ begin end $$',
    'create table a (b int references c)',
    "comment on table a is 'x'",
    'grant all on a to b',
  ])('does not take %j', (text) => {
    expect(isPlain(text)).toBe(false);
  });
});
