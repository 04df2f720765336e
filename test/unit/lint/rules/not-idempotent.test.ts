import { describe, expect, it } from 'vitest';
import { codes, sqlFile } from '../lint-text.ts';

const promised = { idempotent: true };

describe('what fails the second time', () => {
  it.each([
    'create table t (a int)',
    'create unique index concurrently i on t (a)',
    'create index on t (a)',
    'create view v as select 1',
    'create function f() returns int language sql as $$ select 1 $$',
    "create type mood as enum ('a')",
    'create policy p on t using (true)',
    'create trigger g before insert on t for each row execute function f()',
    'alter table t add column a int',
    'alter table t add constraint c check (a > 0)',
    'alter table t rename a to b',
    "alter type mood add value 'b'",
    'drop table t',
    'alter table t drop column a',
    "insert into t values ('on conflict')",
  ])('%s', async (statement) => {
    expect(await codes(sqlFile(`${statement};`), promised)).toEqual([
      'GODWIT_LINT_NOT_IDEMPOTENT:1',
    ]);
    expect(await codes(sqlFile(`${statement};`))).toEqual([]);
    expect(await codes(sqlFile(`${statement};`, { idempotent: true }))).toHaveLength(1);
  });

  it.each([
    'create table if not exists t (a int)',
    'create unique index concurrently if not exists i on t (a)',
    'create or replace view v as select 1',
    'create temp table t (a int)',
    'drop policy if exists p on t; create policy p on t using (true)',
    'drop trigger if exists g on t; create trigger g before insert on t execute function f()',
    "drop type if exists mood; create type mood as enum ('a')",
    'alter table t add column if not exists a int',
    'alter table t drop constraint if exists c; alter table t add constraint c check (a > 0)',
    "alter type mood add value if not exists 'b'",
    'drop table if exists t',
    'insert into t values (1) on conflict do nothing',
    'insert into t select 1 where not exists (select 1 from t)',
    'update t set a = 1',
    'do $$ begin create table t (a int); end $$',
  ])('not: %s', async (statements) => {
    expect(await codes(sqlFile(`${statements};`), promised)).toEqual([]);
  });
});
