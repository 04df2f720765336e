import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backfills } from '../../../src/ports/backfill.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { rounds } from '../../support/rounds.ts';
import { BEGIN, drain, jobOf, openDriver, UNDO } from './backfill-kit.ts';

let server: TestPostgres;
let client: pg.Client;
let driver: Driver;
let backfills: Backfills;
beforeAll(async () => {
  server = await startPostgres({ version: 'embedded' });
  const url = await server.createDatabase();
  client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`create type mood as enum ('sad', 'ok', 'happy')`);
  await client.query(
    `create collation folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  );
  // What sessions may find as their default must not matter.
  const name = new URL(url).pathname.slice(1);
  for (const setting of [
    `datestyle = 'SQL, DMY'`,
    `timezone = 'Asia/Kolkata'`,
    'extra_float_digits = -3',
    `default_transaction_isolation = 'serializable'`,
    'standard_conforming_strings = off',
    `search_path = 'nowhere'`,
    `intervalstyle = 'sql_standard'`,
    `bytea_output = 'escape'`,
  ]) {
    await client.query(`alter database "${name}" set ${setting}`);
  }
  driver = await openDriver(url);
  backfills = (await driver.backfills?.({ connections: 3 })) as Backfills;
});
afterAll(async () => {
  await backfills?.close();
  await driver?.close();
  await client?.end();
  await server?.stop();
});

const text = fc.string({
  unit: fc.constantFrom('a', 'B', 'ä', '\\', "'", '"', ' ', '{', ',', '😀', '%'),
  maxLength: 6,
});
const TYPES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  'numeric(20,5)': fc.tuple(fc.integer(), fc.nat(99_999)).map(([a, b]) => `${a}.${b}`),
  float8: fc.double({ noNaN: true }).map(String),
  text,
  'text collate folded': text,
  'varchar(20)': text,
  'char(8)': text,
  uuid: fc.uuid(),
  timestamptz: fc
    .integer({ min: -1e9, max: 4e9 })
    .map((s) => `${new Date(s * 1000).toISOString().slice(0, -1)}123Z`),
  date: fc.integer({ min: 0, max: 4e9 }).map((s) => new Date(s * 1000).toISOString().slice(0, 10)),
  interval: fc.integer({ min: -1e6, max: 1e6 }).map((s) => `${s} seconds`),
  bytea: fc.uint8Array({ maxLength: 5 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
  boolean: fc.boolean().map(String),
  'public.mood': fc.constantFrom('sad', 'ok', 'happy'),
  'int[]': fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 3 }).map((a) => `{${a.join()}}`),
  inet: fc.ipV4(),
};

describe('keys of any type', () => {
  const types = fc.uniqueArray(fc.constantFrom(...Object.keys(TYPES)), {
    minLength: 1,
    maxLength: 3,
  });
  const table = types.chain((names) =>
    fc.record({
      names: fc.constant(names),
      rows: fc.array(fc.tuple(...names.map((name) => TYPES[name] as fc.Arbitrary<string>)), {
        maxLength: 60,
      }),
      size: fc.integer({ min: 1, max: 40 }),
      lanes: fc.integer({ min: 1, max: 3 }),
      order: fc.constantFrom('ascending' as const, 'descending' as const),
      mode: fc.constantFrom('set' as const, 'sql' as const, 'transform' as const),
      touched: fc.boolean(),
    }),
  );
  let run = 0;

  it('change each row once, and undo puts each back', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ names, rows, size, lanes, order, mode, touched }) => {
        const name = `keys_${run++}`;
        const columns = names.map((type, at) => `"k ${at}" ${type} not null`);
        const key = names.map((_, at) => `"k ${at}"`).join(', ');
        await client.query(
          `create table public.${name} (${columns.join(', ')}, n int not null default 0, primary key (${key}))`,
        );
        for (const row of rows) {
          const places = row.map((_, at) => `$${at + 1}`).join(', ');
          await client.query(
            `insert into public.${name} (${key}) values (${places}) on conflict do nothing`,
            row,
          );
        }
        const job = jobOf({
          target: `public.${name}`,
          change:
            mode === 'set'
              ? { type: 'set', set: { n: 'n + 1' } }
              : mode === 'sql'
                ? { type: 'sql', sql: `update public.${name} set n = n + 1 where {{chunk}}` }
                : { type: 'transform' },
          order,
          touched,
        });
        const head = await backfills.begin(job, BEGIN);
        await drain(backfills, job, {
          size,
          lanes,
          draw: ({ n }) => ({ type: 'set', values: { n: Number(n) + 1 } }),
        });
        const found = await client.query(
          `select n, count(*)::int as c from public.${name} group by n`,
        );
        expect(found.rows).toEqual(head.total === 0 ? [] : [{ n: 1, c: head.total }]);
        expect(await backfills.end(job.ledger, 'complete', {})).toBe(true);
        if (!touched) return;
        const undone = await backfills.undo(job, { ...UNDO, batch: size });
        expect(undone).toEqual({ restored: head.total, skipped: 0, skippedKeys: [] });
      }),
      { numRuns: rounds(40, 1_000) },
    );
  });
});
