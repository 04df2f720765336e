import { describe, expect, it } from 'vitest';
import { sqlStatement } from '../../../../../src/drivers/postgres/backfill/change-sql.ts';
import type { Target } from '../../../../../src/drivers/postgres/backfill/target.ts';
import type { BackfillJob } from '../../../../../src/ports/backfill-job.ts';

const target: Target = {
  ledgers: 'godwit.backfill',
  oid: '1',
  table: '"app"."users"',
  alias: '"users"',
  columns: [],
  key: [],
  descending: false,
  growing: true,
  estimate: 0,
  rowBytes: undefined,
  notes: [],
};

function fillIn(sql: string) {
  const job: BackfillJob = {
    ledger: 'l',
    name: 'n',
    target: 'users',
    change: { type: 'sql', sql },
    order: 'ascending',
    touched: false,
    definition: '',
  };
  return sqlStatement(job, target, (alias) => `${alias}.$1 > 0`);
}

describe('the name that a statement gives its table', () => {
  it.each([
    ['update users set a = 1 where {{chunk}}', 'update', '"users"'],
    ['UPDATE ONLY app.users * SET a = 1 where {{chunk}}', 'update', '"users"'],
    ['update users u set a = 1 where {{chunk}}', 'update', 'u'],
    ['update "App"."Us""ers" as "U x" set a = 1 where {{chunk}}', 'update', '"U x"'],
    ['\n delete from users\nwhere {{chunk}}', 'delete', '"users"'],
    ['delete from users using other where {{chunk}}', 'delete', '"users"'],
    ['DELETE FROM only users AS u USING o WHERE {{chunk}};\n', 'delete', 'u'],
    [
      `update users set a = 'returning' /* returning */ where {{chunk}} -- returning`,
      'update',
      '"users"',
    ],
    ['update users settings set a = 1 where {{chunk}}', 'update', 'settings'],
  ])('%s', (sql, verb, alias) => {
    const found = fillIn(sql);
    expect(found).toMatchObject({ verb, alias });
    expect(found.text).toContain(`(${alias}.$1 > 0)`);
    expect(found.text).not.toMatch(/\{\{|;/);
  });

  it.each([
    ['insert into users values ({{chunk}})', 'must begin with'],
    ['update users set a = 1 where {{chunk}} returning id', 'RETURNING'],
  ])('%s is refused', (sql, why) => {
    expect(() => fillIn(sql)).toThrow(why);
  });
});
