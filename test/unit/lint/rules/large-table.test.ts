import { describe, expect, it } from 'vitest';
import { codes, lint, sqlFile, tables } from '../lint-text.ts';

const large = { sizes: tables({ name: 'visits', schema: 'public', rows: 40_000_000, bytes: 9e9 }) };

describe('on 40 million rows', () => {
  it.each([
    'create index i on visits (a)',
    'create unique index if not exists i on only public.visits using btree (a)',
    'alter table visits alter column a set not null',
    'alter table visits add constraint c check (a > 0)',
    'alter table visits alter a type bigint',
    'update visits set a = 1',
    'delete from public.visits',
  ])('%s', async (statement) => {
    expect(await codes(sqlFile(`select 1;\n${statement};`), large)).toEqual([
      'GODWIT_LINT_LARGE_TABLE:2',
    ]);
  });

  it.each([
    'create index concurrently i on visits (a)',
    'alter table visits add constraint c check (a > 0) not valid',
    'alter table visits add constraint c unique using index i',
    'alter table visits add column a int',
    'update visits set a = 1 where id = 3',
    'create index i on other (a)',
    "insert into visits select 'create index i on visits (a)'",
  ])('not: %s', async (statement) => {
    expect(await codes(sqlFile(`${statement};`), large)).toEqual([]);
  });
});

it('says how large, and what to write instead', async () => {
  const [finding] = await lint(sqlFile('update visits set a = 1;'), large);
  expect(finding).toMatchObject({
    severity: 'error',
    where: { table: 'visits', line: 1, character: 1 },
    fix: 'do it in chunks: defineBackfill, or ctx.backfill in a migration',
  });
  expect(finding?.message).toContain('visits has about 40 million rows, 8.4 GB');
});

it('200 rows are no danger', async () => {
  expect(await codes(sqlFile('update v set a = 1;'), { sizes: tables({ name: 'v' }) })).toEqual([]);
});
