import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backfills } from '../../../src/ports/backfill.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { among, rounds, SOAK } from '../../support/rounds.ts';
import { type ChildWork, killAtRandom, Worker } from '../backfill-workers.ts';
import { KILL_JOBS, type KillMode, phoneOf } from './backfill-jobs.ts';
import { BEGIN, openDriver, UNDO } from './backfill-kit.ts';
import { restartServer } from './restart-server.ts';

const ROWS = 6000;
const KILLS = 3;
/** In `npm run soak`, with each number of processes. */
const SOAK_KILLS = 100;
const CONTROL_TRIES = 8;

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ version: 'embedded' });
});
afterAll(() => server?.stop());

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function fill(client: pg.Client): Promise<void> {
  await client.query(
    `create table things (i int primary key, n int not null, phone text, app int not null default 0, late boolean);
    insert into things select i, i, '(555) ' || lpad(i::text, 7, '0') from generate_series(1, ${ROWS}) i`,
  );
}

/** Changes, adds and takes away rows until it is told to stop. */
function application(client: pg.Client): {
  stop(): Promise<{ increments: number; deleted: number }>;
} {
  let going = true;
  let increments = 0;
  let deleted = 0;
  const running = (async () => {
    for (let step = 1; going; step++) {
      const i = 1 + Math.floor(Math.random() * ROWS);
      const { rowCount } = await client.query('update things set app = app + 1 where i = $1', [i]);
      increments += rowCount ?? 0;
      if (step % 10 === 0) {
        await client.query(`insert into things values ($1, 0, '(1)', 0, true)`, [ROWS + step]);
      }
      if (step % 25 === 0) {
        const gone = await client.query('delete from things where i = $1 and app = 0', [i]);
        deleted += gone.rowCount ?? 0;
      }
      await sleep(1);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await running;
      return { increments, deleted };
    },
  };
}

async function expectExact(client: pg.Client, of: string): Promise<{ rows: number; app: number }> {
  const { rows } = await client.query<{ i: number; n: number; phone: string; app: number }>(
    'select i, n, phone, app from things where late is null',
  );
  const wrong = rows.filter(
    ({ i, n, phone }) => n !== i + 1 || phone !== `+1${phoneOf(i).replace(/\D/g, '')}`,
  );
  expect(wrong.slice(0, 3), of).toEqual([]);
  return { rows: rows.length, app: rows.reduce((sum, { app }) => sum + app, 0) };
}

async function withBackfills<T>(
  url: string,
  work: (backfills: Backfills) => Promise<T>,
): Promise<T> {
  const driver = await openDriver(url);
  const backfills = (await driver.backfills?.({ connections: 2 })) as Backfills;
  try {
    return await work(backfills);
  } finally {
    await backfills.close();
    await driver.close();
  }
}

async function undoAll(url: string, mode: KillMode): Promise<number> {
  const options = { ...UNDO, batch: 500 };
  const { restored } = await withBackfills(url, (b) => b.undo(KILL_JOBS[mode], options));
  return restored;
}

const workOf = (mode: string, url: string): ChildWork => ({ database: 'postgres', mode, url });

describe('workers that are killed', () => {
  const killed = new Map<number, number>();
  // Without the soak each kind of work with another number of processes.
  const modes = Object.keys(KILL_JOBS) as KillMode[];
  for (const [place, workers] of [1, 2, 4].entries()) {
    for (const mode of among(modes, (all) => all.filter((_, at) => at % 3 === place))) {
      it(`${mode}: ${workers} of them change each row once, beside an application`, async () => {
        for (let round = 0; round < rounds(1, 13); round++) {
          const url = await server.createDatabase();
          const client = await connect(url);
          await fill(client);
          await withBackfills(url, (backfills) => backfills.begin(KILL_JOBS[mode], BEGIN));
          const app = application(await connect(url));
          const kills = { workers, kills: KILLS, withinMs: 100 };
          const hit = await killAtRandom(workOf(mode, url), kills);
          killed.set(workers, (killed.get(workers) ?? 0) + hit);
          const { increments, deleted } = await app.stop();
          const found = await expectExact(client, `${mode} with ${workers} workers`);
          expect(found).toEqual({ rows: ROWS - deleted, app: increments });
          const head = await withBackfills(url, (backfills) => backfills.head(mode));
          expect(head).toMatchObject({
            state: 'complete',
            progress: { chunksOpen: 0, poisoned: 0 },
          });
          expect(head?.progress.changed).toBeGreaterThanOrEqual(ROWS - deleted);
          expect(head?.progress.changed).toBeLessThanOrEqual(ROWS);
          if (KILL_JOBS[mode].touched) {
            expect(await undoAll(url, mode)).toBeGreaterThan(0);
            const left = await client.query(
              'select 1 from things where late is null and app = 0 and n <> i',
            );
            expect(left.rowCount).toBe(0);
          }
          await client.end();
        }
      });
    }
  }

  it.runIf(SOAK)('were killed often enough, at work', () => {
    console.info('kills at work, by number of processes:', Object.fromEntries(killed));
    for (const count of killed.values()) expect(count).toBeGreaterThanOrEqual(SOAK_KILLS);
  });

  it('would change rows twice with what people write instead', async () => {
    let doubled = 0;
    for (let attempt = 0; attempt < CONTROL_TRIES && doubled === 0; attempt++) {
      const url = await server.createDatabase();
      const client = await connect(url);
      await fill(client);
      await killAtRandom(workOf('naive', url), { workers: 1, kills: KILLS, withinMs: 100 });
      const { rows } = await client.query('select count(*)::int as c from things where n > i + 1');
      doubled = rows[0].c;
      await client.end();
    }
    expect(doubled).toBeGreaterThan(0);
  });
});

describe.runIf(process.platform === 'linux')('a server that restarts', () => {
  it('is waited for, and nothing is done twice', async () => {
    const own = await startPostgres({ version: 'embedded' });
    let restarted: ChildProcess | undefined;
    try {
      const url = await own.createDatabase();
      let client = await connect(url);
      await fill(client);
      await client.end();
      const modes = ['fields', 'whole'] as const;
      for (const [at, mode] of modes.entries()) {
        const workers = [new Worker(workOf(mode, url)), new Worker(workOf(mode, url))];
        await Promise.all(workers.map(({ begun }) => begun));
        const pid = restarted?.pid ?? own.pid ?? 0;
        restarted = await restartServer(pid, at === 0 ? 'SIGINT' : 'SIGQUIT');
        await Promise.all(workers.map((worker) => worker.finish()));
        client = await connect(url);
        if (at === 0) await expectExact(client, 'restart');
        else expect((await client.query('select 1 from things where n <> i + 2')).rowCount).toBe(0);
        await client.end();
      }
    } finally {
      if (restarted) {
        restarted.kill('SIGQUIT');
        if (restarted.exitCode === null) await once(restarted, 'exit');
      }
      await own.stop();
    }
  });
});
