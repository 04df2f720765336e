import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backfills } from '../../../src/ports/backfill.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { hasPgbouncer, startPgbouncer } from '../../support/pgbouncer.ts';
import { ACTOR, BEGIN, drain, jobOf, openDriver } from './backfill-kit.ts';

let server: TestPostgres;
let url: string;
let client: pg.Client;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startPostgres({ version: 'embedded' });
  url = await server.createDatabase();
  client = await connect();
});
afterAll(async () => {
  for (const each of opened.reverse()) await each.close();
  await server?.stop();
});

async function connect(to = url): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: to });
  made.on('error', () => {});
  await made.connect();
  opened.push({ close: () => made.end().catch(() => {}) });
  return made;
}

async function openBackfills(
  to = url,
  more: { role?: string; connections?: number } = {},
): Promise<{ backfills: Backfills; driver: Driver }> {
  const driver = await openDriver(to, more);
  const backfills = (await driver.backfills?.({ connections: more.connections ?? 3 })) as Backfills;
  opened.push(driver, backfills);
  return { backfills, driver };
}

async function fill(name: string, rows: number, more = ''): Promise<void> {
  await client.query(
    `create table ${name} (id int generated always as identity primary key, n int not null default 0 ${more});
    insert into ${name} (n) select i from generate_series(1, ${rows}) i`,
  );
}

const one = (table: string) =>
  jobOf({ target: table, change: { type: 'set', set: { n: 'n + 1' } } });

describe('what goes wrong', () => {
  it('a lock that is held is an error that passes, and nothing was done', async () => {
    await fill('locked', 20);
    const { backfills } = await openBackfills();
    const job = one('locked');
    await backfills.begin(job, BEGIN);
    const chunk = await backfills.claim(job, 'w', 20);
    if (!chunk) throw new Error('no chunk');
    const other = await connect();
    await other.query('begin; update locked set n = n where id = 20');
    const thrown = await backfills.apply(job, chunk, 'w').catch((error: unknown) => error);
    expect(backfills.classify(thrown)).toMatchObject({
      kind: 'transient',
      error: { code: 'GODWIT_LOCK_TIMEOUT' },
    });
    const waiting = backfills.apply(job, chunk, 'w');
    await sleep(300);
    expect((await (await openBackfills()).backfills.health(job)).waiting).toBe(1);
    await other.query('commit');
    expect(await waiting).toMatchObject({ changed: 20 });
    expect(await backfills.apply(job, chunk, 'w')).toBeUndefined();
    expect((await client.query('select sum(n)::int as s from locked')).rows[0].s).toBe(210 + 20);
  });

  it('sorts errors by what helps against them', async () => {
    const { backfills } = await openBackfills();
    const kindOf = async (sql: string): Promise<string> =>
      backfills.classify(await client.query(sql).catch((error: unknown) => error)).kind;
    expect(await kindOf(`set statement_timeout = 50; select pg_sleep(1)`)).toBe('slow');
    await client.query('reset statement_timeout');
    expect(await kindOf(`select 1 / 0`)).toBe('row');
    expect(await kindOf(`select 'x'::int`)).toBe('row');
    expect(await kindOf(`do $$ begin raise exception 'no'; end $$`)).toBe('row');
    expect(await kindOf(`do $$ begin raise exception sqlstate '40P01'; end $$`)).toBe('transient');
    expect(await kindOf(`selec`)).toBe('fatal');
    expect(await kindOf(`select * from nowhere`)).toBe('fatal');
    const lost = await connect();
    const { rows } = await lost.query('select pg_backend_pid() as pid');
    const broken = lost.query('select pg_sleep(5)').catch((error: unknown) => error);
    await sleep(50);
    await client.query('select pg_terminate_backend($1)', [rows[0].pid]);
    expect(backfills.classify(await broken).kind).toBe('transient');
    expect(backfills.classify(new Error('a bug')).kind).toBe('fatal');
  });

  it('takes over from a worker whose session is gone at once, from a silent one later', async () => {
    await fill('orphaned', 30);
    const job = one('orphaned');
    const first = await openBackfills();
    const second = await openBackfills();
    await first.backfills.begin(job, BEGIN);
    await first.backfills.heartbeat(job.ledger, { id: 'dead', by: ACTOR, rows: 0 });
    const held = await first.backfills.claim(job, 'dead', 30);
    await second.backfills.heartbeat(job.ledger, { id: 'heir', by: ACTOR, rows: 0 });
    expect(await second.backfills.claim(job, 'heir', 30)).toBeUndefined();
    await client.query(
      `update godwit.backfill_worker set heartbeat_at = heartbeat_at - interval '14 s' where id = 'dead'`,
    );
    expect(await second.backfills.claim(job, 'heir', 30)).toBeUndefined();
    await client.query(
      `update godwit.backfill_worker set heartbeat_at = heartbeat_at - interval '2 s' where id = 'dead'`,
    );
    expect(await second.backfills.claim(job, 'heir', 30)).toMatchObject({
      n: held?.n,
      attempts: 1,
    });
    // The first one is not dead after all: what it has is no longer its own.
    if (!held) throw new Error('no chunk');
    expect(await first.backfills.apply(job, held, 'dead')).toBeUndefined();
    await first.backfills.heartbeat(job.ledger, { id: 'dead', by: ACTOR, rows: 0 });
    await second.backfills.letGo(job.ledger, 'heir', []);
    expect(await first.backfills.claim(job, 'dead', 30)).toMatchObject({ n: held.n });
    await first.backfills.close();
    await sleep(100);
    const since = performance.now();
    expect(await second.backfills.claim(job, 'heir', 30)).toMatchObject({ n: held.n, attempts: 2 });
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  it('a row that a trigger holds back is set aside, not tried for ever', async () => {
    await fill('guarded', 10);
    await client.query(
      `create function hold() returns trigger language plpgsql as $$ begin return case when old.id = 4 then null else new end; end $$;
      create trigger hold before update or delete on guarded for each row execute function hold()`,
    );
    const { backfills } = await openBackfills();
    const job = jobOf({ target: 'guarded', change: { type: 'transform' } });
    await backfills.begin(job, BEGIN);
    await drain(backfills, job, {
      draw: ({ n }) => ({ type: 'set', values: { n: Number(n) * 2 } }),
    });
    expect(await backfills.poisoned(job.ledger, 5)).toMatchObject([{ key: ['4'] }]);
    expect((await client.query('select sum(n)::int as s from guarded')).rows[0].s).toBe(110 - 4);
  });

  it('works on partitions', async () => {
    await client.query(
      `create table parted (id int, day date, n int default 0, primary key (id, day)) partition by range (day);
      create table parted_1 partition of parted for values from ('2024-01-01') to ('2024-02-01');
      create table parted_2 partition of parted for values from ('2024-02-01') to ('2024-03-01');
      insert into parted select i, '2024-01-01'::date + i % 50 from generate_series(1, 500) i; analyze parted`,
    );
    const { backfills } = await openBackfills();
    for (const [at, change] of [
      { type: 'set', set: { n: 'parted.n + 1' } } as const,
      { type: 'transform' } as const,
    ].entries()) {
      const job = jobOf({ ledger: `parted ${at}`, target: 'public.parted', change, touched: true });
      expect(await backfills.inspect(job)).toMatchObject({ total: 500, key: ['id', 'day'] });
      await backfills.begin(job, BEGIN);
      await drain(backfills, job, {
        size: 60,
        lanes: 2,
        draw: ({ n }) => ({ type: 'set', values: { n: Number(n) + 1 } }),
      });
      await backfills.end(job.ledger, 'complete', {});
    }
    const { rows } = await client.query('select n, count(*)::int as c from parted group by n');
    expect(rows).toEqual([{ n: 2, c: 500 }]);
  });

  it('does its work as the role that was asked for, and names what that may not do', async () => {
    await fill('owned', 40);
    await client.query(
      `create role worker; grant create on database "${new URL(url).pathname.slice(1)}" to worker;
      grant usage, create on schema godwit to worker; grant select, insert, update, delete on all tables in schema godwit to worker;
      create role nobody_much; grant usage on schema godwit to nobody_much; alter table owned owner to worker`,
    );
    const { backfills } = await openBackfills(url, { role: 'worker' });
    const job = jobOf({
      target: 'owned',
      change: { type: 'sql', sql: `update owned set n = length(current_user) where {{chunk}}` },
    });
    await backfills.begin(job, BEGIN);
    await drain(backfills, job);
    expect((await client.query('select distinct n from owned')).rows).toEqual([
      { n: 'worker'.length },
    ]);
    expect(await backfills.health(job)).toMatchObject({ waiting: 0 });
    const refused = await openBackfills(url, { role: 'nobody_much' });
    await expect(refused.backfills.inspect(job)).rejects.toMatchObject({
      code: 'GODWIT_PERMISSION_DENIED',
    });
    expect(
      refused.backfills.classify(await refused.backfills.head(job.ledger).catch((e: unknown) => e)),
    ).toMatchObject({
      kind: 'fatal',
      error: { code: 'GODWIT_PERMISSION_DENIED' },
    });
  });

  it('goes on when its sessions are cut again and again', async () => {
    await fill('cut', 3_000);
    const { backfills } = await openBackfills();
    const job = jobOf({ target: 'cut', change: { type: 'transform' } });
    await backfills.begin(job, BEGIN);
    let going = true;
    let cuts = 0;
    const cutting = (async () => {
      while (going) {
        await sleep(100);
        const { rowCount } = await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()
          and datname = current_database() and application_name = 'godwit' order by random() limit 1`,
        );
        cuts += rowCount ?? 0;
      }
    })();
    await drain(backfills, job, {
      size: 50,
      lanes: 2,
      draw: ({ n }) => ({ type: 'set', values: { n: Number(n) + 1 } }),
      between: () => sleep(10),
    });
    going = false;
    await cutting;
    expect(cuts).toBeGreaterThan(0);
    expect(
      (await client.query('select count(*)::int as c from cut where n = id + 1')).rows[0].c,
    ).toBe(3_000);
  });

  it('lets a caller bring a pool or a single client', async () => {
    await fill('given', 200);
    const pool = new pg.Pool({ connectionString: url, max: 3 });
    const { open } = await import('../../../src/drivers/postgres/driver.ts');
    for (const [at, of] of [pool, await connect()].entries()) {
      const driver = await open({
        url: 'postgres://given',
        root: process.cwd(),
        store: { schema: 'godwit', prefix: 'godwit_' },
        connectTimeoutMs: 5_000,
        lock: 'auto',
        client: of,
        emit: () => {},
      });
      const backfills = (await driver.backfills?.({ connections: 2 })) as Backfills;
      const job = { ...one('given'), ledger: `given ${at}` };
      await backfills.begin(job, BEGIN);
      await drain(backfills, job, { lanes: 2, size: 20 });
      await backfills.close();
      await driver.close();
    }
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
    expect(
      (await client.query('select count(*)::int as c from given where n = id + 2')).rows[0].c,
    ).toBe(200);
  });

  it.runIf(hasPgbouncer())(
    'works behind a pooler that hands out sessions by transaction',
    async () => {
      await fill('pooled', 2_000);
      // Fewer servers than there are sessions.
      const pooler = await startPgbouncer(server, 'transaction', 2);
      opened.push({ close: () => pooler.stop() });
      const { backfills } = await openBackfills(pooler.through(url), { connections: 5 });
      for (const change of [{ type: 'set', set: { n: 'n + 1' } }, { type: 'transform' }] as const) {
        const job = jobOf({
          ledger: `pooled ${change.type}`,
          target: 'pooled',
          change,
          touched: true,
        });
        await backfills.begin(job, BEGIN);
        await drain(backfills, job, {
          lanes: 4,
          size: 50,
          draw: ({ n }) => ({ type: 'set', values: { n: Number(n) + 1 } }),
        });
        expect(await backfills.end(job.ledger, 'complete', {})).toBe(true);
      }
      expect(
        (await client.query('select count(*)::int as c from pooled where n = id + 2')).rows[0].c,
      ).toBe(2_000);
    },
  );
});
