import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backfills } from '../../../src/ports/backfill.ts';
import type { RowChange } from '../../../src/ports/backfill-job.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import { createPglite } from '../../../src/testing/pglite.ts';
import { hasSystemPostgres, startPostgres } from '../../../src/testing/postgres.ts';
import { ACTOR, BEGIN, drain, jobOf, openDriver, UNDO } from './backfill-kit.ts';

interface Database {
  readonly driver: Driver;
  readonly backfills: Backfills;
  run(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

const DATABASES: Readonly<Record<string, () => Promise<Database>>> = {
  'PostgreSQL 18': () => onServer('embedded'),
  ...(hasSystemPostgres() && { 'PostgreSQL of the system': () => onServer('system') }),
  PGlite: onPglite,
};

async function onServer(version: 'embedded' | 'system'): Promise<Database> {
  const server = await startPostgres({ version });
  const url = await server.createDatabase();
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const driver = await openDriver(url);
  const backfills = await (driver.backfills as NonNullable<Driver['backfills']>)({
    connections: 4,
  });
  return {
    driver,
    backfills,
    run: async (sql) => {
      const result = await client.query(sql);
      return (
        (Array.isArray(result) ? result.at(-1) : result) as { rows: Record<string, unknown>[] }
      ).rows;
    },
    close: async () => {
      await backfills.close();
      await driver.close();
      await client.end();
      await server.stop();
    },
  };
}

async function onPglite(): Promise<Database> {
  const { PGlite } = await import('@electric-sql/pglite');
  const { folder, remove } = await createPglite();
  const client = await PGlite.create(folder);
  const { open } = await import('../../../src/drivers/pglite/driver.ts');
  const driver = await open({
    url: `pglite:${folder}`,
    root: process.cwd(),
    store: { schema: 'godwit', prefix: 'godwit_' },
    connectTimeoutMs: 5_000,
    lock: 'auto',
    client,
    emit: () => {},
  });
  const backfills = await (driver.backfills as NonNullable<Driver['backfills']>)({
    connections: 4,
  });
  return {
    driver,
    backfills,
    run: async (sql) => (await client.exec(sql)).at(-1)?.rows as Record<string, unknown>[],
    close: async () => {
      await backfills.close();
      await driver.close();
      await client.close();
      await remove();
    },
  };
}

describe.each(Object.entries(DATABASES))('backfills on %s', (_name, open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());

  it('sets what the database computes, once', async () => {
    await db.run(
      `create table nums (id serial primary key, n int, note text);
      insert into nums (n, note) select i, 'x' from generate_series(1, 1050) i`,
    );
    const job = jobOf({
      target: 'nums',
      filter: 'n % 2 = 0 -- even',
      change: { type: 'set', set: { n: 'nums.n + 1 -- one more', note: `note || '''y'` } },
    });
    expect(await db.backfills.inspect(job)).toMatchObject({
      key: ['id'],
      total: 525,
      exact: true,
      growingKey: true,
      guarantee: 'exactly-once',
    });
    const head = await db.backfills.begin(job, BEGIN);
    expect(head).toMatchObject({
      state: 'running',
      generation: 1,
      sweep: 1,
      bound: ['1050'],
      total: 525,
    });
    await db.run(`insert into nums (n) values (2)`);
    const results = await drain(db.backfills, job, { lanes: 3 });
    expect(results).toHaveLength(11);
    expect(results.reduce((sum, { changed }) => sum + changed, 0)).toBe(525);
    expect(
      await db.run(`select count(*)::int as n, sum(n)::int as s from nums where note = 'x''y'`),
    ).toEqual([{ n: 525, s: 525 * 526 + 525 }]);
    expect(await db.backfills.remaining(job)).toEqual({ within: 0, beyond: 1 });
    expect(await db.backfills.end(job.ledger, 'complete', { a: 1 })).toBe(true);
    expect(await db.backfills.end(job.ledger, 'failed', {})).toBe(false);
    const done = await db.backfills.head(job.ledger);
    expect(done).toMatchObject({
      state: 'complete',
      summary: { a: 1 },
      progress: { rows: 525, changed: 525, chunksDone: 11, chunksOpen: 0, retries: 0, cut: true },
    });
    expect(done?.startedAt.getTime()).toBeLessThanOrEqual(done?.endedAt?.getTime() ?? 0);
    expect(await db.backfills.begin(job, BEGIN)).toMatchObject({
      state: 'complete',
      generation: 1,
    });
    const again = await db.backfills.begin(job, { ...BEGIN, mode: 'again' });
    expect(again).toMatchObject({ state: 'running', generation: 2, progress: { changed: 0 } });
    await expect(db.backfills.begin({ ...job, definition: 'two' }, BEGIN)).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_CHANGED',
    });
    const accepted = await db.backfills.begin(
      { ...job, definition: 'two' },
      { ...BEGIN, acceptDefinition: true },
    );
    expect(accepted).toMatchObject({ definition: 'two', generation: 2 });
  });

  it('runs one statement for each chunk, whatever it calls the table', async () => {
    await db.run(
      `create schema "Odd ""Schema"; create table "Odd ""Schema"."My Table" ("The Id" uuid primary key default gen_random_uuid(), n int default 0);
      insert into "Odd ""Schema"."My Table" (n) select 0 from generate_series(1, 777)`,
    );
    const sql = `update "Odd ""Schema"."My Table" as m set n = m.n + 1 where {{chunk}} and m.n < 100;`;
    const job = jobOf({
      ledger: 'sql',
      target: '"Odd ""Schema"."My Table"',
      change: { type: 'sql', sql },
    });
    expect(await db.backfills.inspect(job)).toMatchObject({
      key: ['The Id'],
      growingKey: false,
      total: 777,
    });
    await db.backfills.begin(job, BEGIN);
    await drain(db.backfills, job, { lanes: 2 });
    expect(
      await db.run(`select n, count(*)::int as c from "Odd ""Schema"."My Table" group by n`),
    ).toEqual([{ n: 1, c: 777 }]);
    await db.run(`insert into "Odd ""Schema"."My Table" (n) select 50 from generate_series(1, 5)`);
    expect(await db.backfills.remaining(job)).toEqual({ within: 782, beyond: 0 });
    await db.backfills.sweepAgain(job, 2);
    await db.backfills.sweepAgain(job, 2);
    expect(await db.backfills.head('sql')).toMatchObject({ sweep: 2, progress: { cut: false } });
    await db.backfills.end('sql', 'cancelled', {});
    expect(await db.backfills.claim(job, 'w', 10)).toBeUndefined();
    const del = jobOf({
      ledger: 'del',
      target: job.target,
      change: {
        type: 'sql',
        sql: `DELETE FROM "Odd ""Schema"."My Table" WHERE n = 50 AND {{chunk}}`,
      },
      order: 'descending',
    });
    await db.backfills.begin(del, BEGIN);
    const results = await drain(db.backfills, del);
    expect(results.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(5);
  });

  it('applies what a transform draws to rows that are as they were read', async () => {
    await db.run(
      `create table people (id int generated always as identity, tenant text collate "C", phone text, tags text[], data jsonb,
        plain json, at timestamptz, day date, amount numeric(12, 2), raw bytea, big bigint, ok boolean, code char(3),
        label text generated always as (tenant || 'x') stored, primary key (tenant, id));
      insert into people (tenant, phone, tags, data, plain, at, day, amount, raw, big, ok, code)
      select 't' || (i % 3), '555-' || i, array['a"b', null, 'c,\\d'], '{"a": [1, "x"]}', '{"b":1}',
        '2024-02-29 12:34:56.789+00', '2024-02-29', 1.50, '\\xdeadbeef', 9007199254740993, true, 'ab'
      from generate_series(1, 500) i`,
    );
    const job = jobOf({ target: 'people', change: { type: 'transform' } });
    const { backfills } = db;
    expect(await backfills.inspect(job)).toMatchObject({
      key: ['tenant', 'id'],
      growingKey: false,
    });
    await backfills.begin(job, BEGIN);
    let touched = false;
    const results = await drain(backfills, job, {
      size: 120,
      draw: (row) => {
        const phone = String(row['phone']).replace(/\D/g, '');
        const { id } = row as { id: number };
        if (id === 7) return { type: 'delete' };
        if (id === 8) return { type: 'none' };
        if (id === 9)
          return { type: 'poison', error: { code: 'GODWIT_BACKFILL_FAILED', message: 'no' } };
        if (id === 11) return { type: 'set', values: { nonsense: 1 } };
        const values = { phone: `+1${phone}`, ...(id > 100 && { ...row, phone: `+1${phone}` }) };
        for (const name of ['id', 'tenant', 'label'])
          delete (values as Record<string, unknown>)[name];
        return { type: 'set', values, ...(id === 10 && { unset: ['data'] }) };
      },
      between: async () => {
        if (touched) return;
        touched = true;
        await db.run(
          `update people set phone = phone || '0' where id = 3 and tenant = 't0';
          delete from people where id = 6; update people set ok = false where id = 12`,
        );
      },
    });
    expect(results.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThanOrEqual(2);
    expect(await db.run(`select phone from people where id in (3, 8, 12) order by id`)).toEqual([
      { phone: '+155530' },
      { phone: '555-8' },
      { phone: '+155512' },
    ]);
    const [check] = await db.run(
      `select count(*)::int as c, count(*) filter (where tags = array['a"b', null, 'c,\\d'] and plain::text = '{"b":1}'
        and at = '2024-02-29 12:34:56.789+00' and day = '2024-02-29' and amount = 1.50 and raw = '\\xdeadbeef'
        and big = 9007199254740993 and code = 'ab')::int as same,
        count(*) filter (where data = '{"a": [1, "x"]}')::int as data from people`,
    );
    expect(check).toEqual({ c: 498, same: 498, data: 497 });
    expect(await backfills.head(job.ledger)).toMatchObject({
      progress: { poisoned: 2, deleted: 1, chunksOpen: 0 },
    });
    const poisoned = await backfills.poisoned(job.ledger, 10);
    expect(poisoned.map(({ key }) => key).sort()).toEqual([
      ['t0', '9'],
      ['t2', '11'],
    ]);
    expect(await backfills.retryPoisoned(job.ledger)).toBe(2);
    await drain(backfills, job, { draw: () => ({ type: 'set', values: { phone: 'again' } }) });
    expect(await db.run(`select id from people where phone = 'again' order by id`)).toEqual([
      { id: 9 },
      { id: 11 },
    ]);
  });

  it('lets go, gives back, splits and sets aside', async () => {
    await db.run(
      `create table parts (id int primary key, n int, check (n <> 8 or id <> 70));
      insert into parts select i * 10, i from generate_series(1, 20) i`,
    );
    const { backfills } = db;
    const job = jobOf({ target: 'parts', change: { type: 'set', set: { n: 'n + 1' } } });
    await backfills.begin(job, BEGIN);
    await backfills.heartbeat(job.ledger, { id: 'a', by: ACTOR, rows: 0 });
    const first = await backfills.claim(job, 'a', 8);
    expect(first).toMatchObject({ to: ['80'], attempts: 0 });
    expect(first?.after).toBeUndefined();
    await backfills.letGo(job.ledger, 'a', []);
    const again = await backfills.claim(job, 'b', 100);
    expect(again).toMatchObject({ n: first?.n, to: ['80'], attempts: 0 });
    if (!first || !again) throw new Error('nothing');
    expect(await backfills.apply(job, first, 'a')).toBeUndefined();
    const refused = await backfills.apply(job, again, 'b').catch((error: unknown) => error);
    expect(backfills.classify(refused)).toMatchObject({ kind: 'row' });
    await backfills.giveBack(again, 'b', { code: 'GODWIT_BACKFILL_FAILED', message: 'x' });
    let chunk = await backfills.claim(job, 'b', 100);
    expect(chunk).toMatchObject({ attempts: 1 });
    while (chunk && (await backfills.split(job, chunk, 'b'))) {
      chunk = await backfills.claim(job, 'b', 100);
      while (
        chunk &&
        (await backfills.apply(job, chunk, 'b').then(
          () => true,
          () => false,
        ))
      ) {
        chunk = await backfills.claim(job, 'b', 100);
      }
    }
    expect(chunk).toMatchObject({ after: ['60'], to: ['70'] });
    if (!chunk) throw new Error('nothing');
    await backfills.poison(job, chunk, 'b', { code: 'GODWIT_BACKFILL_FAILED', message: 'eight' });
    expect(await backfills.poisoned(job.ledger, 5)).toMatchObject([
      { key: ['70'], error: { message: 'eight' } },
    ]);
    await drain(backfills, job);
    expect(await db.run(`select sum(n)::int as s from parts`)).toEqual([{ s: 210 + 19 }]);
    expect(await backfills.control(job.ledger, { paused: true })).toBe(true);
    expect(await backfills.head(job.ledger)).toMatchObject({
      state: 'paused',
      control: { paused: true },
    });
    expect(await backfills.end(job.ledger, 'complete', {})).toBe(true);
    expect(await backfills.control('no such', { paused: true })).toBe(false);
    expect((await backfills.list()).length).toBeGreaterThan(2);
  });

  // Two lanes share a worker's name; after a restart of the server they take from each other.
  it('does nothing for a claim that was lost and taken again under the same name', async () => {
    await db.run(
      `create table lanes (id int primary key, n int);
      insert into lanes select i, 0 from generate_series(1, 20) i`,
    );
    const { backfills } = db;
    const job = jobOf({ target: 'lanes', change: { type: 'transform' } });
    await backfills.begin(job, BEGIN);
    await backfills.heartbeat(job.ledger, { id: 'a', by: ACTOR, rows: 0 });
    const lost = await backfills.claim(job, 'a', 100);
    await backfills.letGo(job.ledger, 'a', [0]);
    const taken = await backfills.claim(job, 'a', 100);
    if (!lost || !taken) throw new Error('nothing');
    expect(taken.n).toBe(lost.n);
    const { rows } = await backfills.read(job, lost);
    const changes = rows.map(
      ({ row }): RowChange => ({ type: 'set', values: { n: Number(row['n']) + 1 } }),
    );
    expect(await backfills.apply(job, lost, 'a', { rows, changes })).toBeUndefined();
    expect(await backfills.split(job, lost, 'a')).toBe(false);
    await backfills.giveBack(lost, 'a');
    await backfills.poison(job, lost, 'a', { code: 'GODWIT_BACKFILL_FAILED', message: 'x' });
    expect(await backfills.poisoned(job.ledger, 5)).toEqual([]);
    const worked = await backfills.apply(job, taken, 'a', { rows, changes });
    expect(worked).toMatchObject({ changed: 20, conflicts: 0 });
    expect(await db.run('select sum(n)::int as s from lanes')).toEqual([{ s: 20 }]);
    expect(await backfills.end(job.ledger, 'complete', {})).toBe(true);
  });

  it('keeps what rows were, and puts back what is still as it was left', async () => {
    await db.run(
      `create table kept (id int generated always as identity primary key, n int, j json, at timestamptz, f float8,
        twice int generated always as (n * 2) stored);
      insert into kept (n, j, at, f) select i, '{"z": 1,  "a":2}', '2024-01-01 00:00:00.123456+02', 'NaN' from generate_series(1, 50) i`,
    );
    const [before] = await db.run(
      `select md5(string_agg(kept::text, '|' order by id)) as h from kept where id <> 5`,
    );
    const { backfills } = db;
    const job = jobOf({
      target: 'kept',
      change: { type: 'set', set: { n: 'n + 100', j: `'{}'` } },
      touched: true,
    });
    await backfills.begin(job, BEGIN);
    await drain(backfills, job, { size: 20 });
    await backfills.end(job.ledger, 'complete', {});
    const del = jobOf({
      ledger: 'kept del',
      target: 'kept',
      change: { type: 'sql', sql: 'delete from kept k where k.id > 40 and {{chunk}}' },
      touched: true,
    });
    await backfills.begin(del, BEGIN);
    await drain(backfills, del, { size: 20 });
    await backfills.end(del.ledger, 'complete', {});
    const js = jobOf({
      ledger: 'kept js',
      target: 'kept',
      change: { type: 'transform' },
      touched: true,
      fields: ['id', 'n'],
    });
    await backfills.begin(js, BEGIN);
    await drain(backfills, js, {
      size: 20,
      draw: ({ id, n }) =>
        id === 3 ? { type: 'delete' } : { type: 'set', values: { n: Number(n) + 1 } },
    });
    await backfills.end(js.ledger, 'complete', {});
    expect(await db.run(`select count(*)::int as c, sum(n)::int as s from kept`)).toEqual([
      { c: 39, s: 39 * 101 + 820 - 3 },
    ]);
    await db.run(`update kept set n = 0 where id = 5`);
    await db.run(`alter table kept add column later text default 'x'`);
    await backfills.close();
    db = {
      ...db,
      backfills: await (db.driver.backfills as NonNullable<Driver['backfills']>)({
        connections: 4,
      }),
    };
    const undo = (of: typeof job) => db.backfills.undo(of, { ...UNDO, batch: 7 });
    expect(await undo(js)).toEqual({ restored: 39, skipped: 1, skippedKeys: [['5']] });
    expect(await undo(js)).toEqual({ restored: 0, skipped: 1, skippedKeys: [['5']] });
    expect(await undo(del)).toEqual({ restored: 10, skipped: 0, skippedKeys: [] });
    expect(await undo(job)).toEqual({ restored: 49, skipped: 1, skippedKeys: [['5']] });
    await db.run(`alter table kept drop column later`);
    const [after] = await db.run(
      `select md5(string_agg(kept::text, '|' order by id)) as h from kept where id <> 5`,
    );
    expect(after).toEqual(before);
    expect(await db.backfills.end(job.ledger, 'undone', {})).toBe(true);
  });

  it('shows a sample and writes nothing', async () => {
    await db.run(
      `create table shown (id int primary key, n int); insert into shown values (1, 1), (2, 2), (3, 3)`,
    );
    const set = jobOf({
      target: 'shown',
      change: { type: 'set', set: { n: 'n * 2' } },
      filter: 'n > 1',
    });
    expect(await db.backfills.sample(set, 1)).toMatchObject([
      { before: { key: ['2'], row: { id: 2, n: 2 } }, after: { id: 2, n: 4 } },
    ]);
    const sql = jobOf({
      target: 'shown',
      change: { type: 'sql', sql: 'delete from shown where {{chunk}} and id = 1' },
    });
    expect(await db.backfills.sample(sql, 2)).toMatchObject([
      { after: undefined },
      { after: { id: 2, n: 2 } },
    ]);
    expect(await db.run('select count(*)::int as c from shown')).toEqual([{ c: 3 }]);
    expect(await db.backfills.head(set.ledger)).toBeUndefined();
    expect(await db.backfills.count(set, 'n > 1')).toBe(2);
    expect(await db.backfills.count(set, 'n > 1', 1)).toBe(1);
    await db.backfills.health(set);
  });

  it('refuses what it cannot do', async () => {
    await db.run(
      `create view looks as select 1 as id; create table keyless (n int); create table loose (n int unique);
      create table halves (a int not null, b int not null, v int generated always as (a + b) stored, unique (a, b))`,
    );
    const refuse = (given: Parameters<typeof jobOf>[0]) =>
      expect(db.backfills.inspect(jobOf(given))).rejects.toMatchObject({
        code: 'GODWIT_BACKFILL_INVALID',
      });
    const change = { type: 'transform' } as const;
    await refuse({ target: 'nowhere', change });
    await refuse({ target: 'looks', change });
    await refuse({ target: 'keyless', change });
    await refuse({ target: 'loose', change, key: ['n'] });
    await refuse({ target: 'halves', change, key: ['a'] });
    await refuse({ target: 'halves', change, key: ['a', 'b'], filter: 'nonsense = 1' });
    await refuse({ target: 'halves', change: { type: 'set', set: { v: '1' } }, key: ['a', 'b'] });
    await refuse({ target: 'halves', change: { type: 'set', set: { a: '1' } }, key: ['a', 'b'] });
    await refuse({ target: 'halves', change: { type: 'set', set: { x: '1' } }, key: ['a', 'b'] });
    const good = jobOf({ target: 'halves', change, key: ['a', 'b'] });
    expect(await db.backfills.inspect(good)).toMatchObject({ key: ['a', 'b'], total: 0 });
    await db.backfills.begin(good, BEGIN);
    expect(await db.backfills.claim(good, 'w', 10)).toBeUndefined();
    expect(await db.backfills.end(good.ledger, 'complete', {})).toBe(true);
  });
});
