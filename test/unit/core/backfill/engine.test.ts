import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Connection, FakeDatabase, type Mishap, SlowError } from './fake-backfills.ts';
import { FakeTimers } from './fake-timers.ts';
import { increment, startProcess } from './run.ts';

const counts = (database: FakeDatabase): number[] => [...database.rows.values()].map(({ n }) => n);

/** A number from 0 to 1 for each call, the same in each run of a seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('the engine of backfills', () => {
  it('changes every row once, in chunks, and says so', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(5_000, timers);
    const { result, events } = startProcess(database, timers);
    const { summary, ran, ended, error } = await result;
    expect(error).toBeUndefined();
    expect([ran, ended]).toEqual([true, true]);
    expect(summary).toMatchObject({ state: 'complete', rows: 5_000, changed: 5_000, sweeps: 1 });
    expect(new Set(counts(database))).toEqual(new Set([1]));
    expect(events[0]).toMatchObject({ type: 'backfill.started', total: 5_000 });
    expect(events.at(-1)).toMatchObject({ type: 'backfill.ended' });
    expect(database.state).toBe('complete');
  });

  it('does nothing when it is complete already', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(10, timers);
    await startProcess(database, timers).result;
    const { ran, summary } = await startProcess(database, timers).result;
    expect(ran).toBe(false);
    expect(summary).toMatchObject({ state: 'complete', rows: 10 });
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('an empty table is complete at once', async () => {
    const timers = new FakeTimers();
    const { summary } = await startProcess(new FakeDatabase(0, timers), timers).result;
    expect(summary).toMatchObject({ state: 'complete', rows: 0 });
  });

  it('reads again what others wrote between read and write', async () => {
    const timers = new FakeTimers(chance(3));
    const database = new FakeDatabase(2_000, timers);
    const random = chance(7);
    const { result } = startProcess(
      database,
      timers,
      { chunk: 100 },
      {
        chunkMs: () => {
          for (let i = 0; i < 5; i++) {
            const row = database.rows.get(1 + Math.floor(random() * 2_000));
            if (row) row.app++;
          }
          return 10;
        },
      },
    );
    const { summary } = await result;
    expect(summary.conflicts).toBeGreaterThan(0);
    expect(summary.rows).toBe(2_000);
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('sets aside the rows that the database refuses, and goes on', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(1_000, timers);
    for (const id of [17, 500, 501]) Object.assign(database.rows.get(id) ?? {}, { bad: true });
    const spec = { set: { n: 1 }, onError: 'skip-and-record', chunk: 100 } as const;
    const { summary, error } = await startProcess(database, timers, spec).result;
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ state: 'complete', poisoned: 3 });
    expect(database.poisonedRows.map(({ key }) => key[0]).sort()).toEqual([17, 500, 501]);
    expect(counts(database).filter((n) => n === 1)).toHaveLength(997);
    expect(counts(database).filter((n) => n > 1)).toHaveLength(0);
  });

  it('stops at a row that is refused, and tries it again when it is resumed', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(1_000, timers);
    Object.assign(database.rows.get(321) ?? {}, { bad: true });
    const spec = { chunk: 50 };
    const { summary, error } = await startProcess(database, timers, spec).result;
    expect(summary.state).toBe('failed');
    expect(error).toMatchObject({ message: 'a row is refused' });
    expect(database.state).toBe('failed');
    Object.assign(database.rows.get(321) ?? {}, { bad: false });
    const again = await startProcess(database, timers, spec).result;
    expect(again.summary.state).toBe('complete');
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('sets aside rows for which a transform throws', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(300, timers);
    const spec = {
      onError: 'skip-and-record',
      transform: (row: { id: number; n: number }) => {
        if (row.id % 100 === 0) throw new Error(`cannot do ${row.id}`);
        return increment(row as never);
      },
    } as const;
    const { summary } = await startProcess(database, timers, spec).result;
    expect(summary).toMatchObject({ state: 'complete', poisoned: 3, changed: 297 });
    expect(database.poisonedRows[0]?.error.message).toBe('cannot do 100');
  });

  it('halves a chunk that takes too long', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(2_000, timers);
    const apply = database.apply.bind(database);
    database.apply = (chunk, worker, work) => {
      if (database.rowsOf(chunk).length > 100) throw new SlowError('too slow');
      return apply(chunk, worker, work);
    };
    const { summary } = await startProcess(database, timers).result;
    expect(summary.state).toBe('complete');
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('draws a value once, also when its chunk is split', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(64, timers);
    Object.assign(database.rows.get(5) ?? {}, { bad: true });
    const drawn = new Map<number, number>();
    const spec = {
      onError: 'skip-and-record',
      transform: ({ id, n }: { id: number; n: number }) => {
        drawn.set(id, (drawn.get(id) ?? 0) + 1);
        return { n: n + 1 };
      },
    } as const;
    await startProcess(database, timers, spec).result;
    expect([...drawn.values()].every((times) => times === 1)).toBe(true);
  });

  it('rests when it is told to, within two seconds, and goes on', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(50_000, timers);
    const { result, events } = startProcess(
      database,
      timers,
      { chunk: 100 },
      { chunkMs: () => 50 },
    );
    await timers.sleep(3_000);
    database.control = { paused: true };
    await timers.sleep(2_000);
    const before = database.progress.rows;
    await timers.sleep(5_000);
    expect(database.progress.rows).toBe(before);
    database.control = { paused: false };
    const { summary } = await result;
    expect(summary.rows).toBe(50_000);
    const paused = events.filter((event) => event.type === 'backfill.paused');
    expect(paused.map((event) => 'reason' in event && event.reason)).toEqual([
      'paused by hand',
      undefined,
    ]);
  });

  it('ends when it is cancelled', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(50_000, timers);
    const { result } = startProcess(database, timers, { chunk: 100 }, { chunkMs: () => 50 });
    await timers.sleep(3_000);
    database.control = { cancelled: true };
    const { summary } = await result;
    expect(summary.state).toBe('cancelled');
    expect(database.state).toBe('cancelled');
  });

  it('keeps to a rate', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(2_000, timers);
    const spec = { throttle: { maxRate: 100 } };
    const { summary } = await startProcess(database, timers, spec).result;
    expect(summary.durationMs).toBeGreaterThan(18_000);
    expect(summary.durationMs).toBeLessThan(23_000);
  });

  it('keeps no chunk that a lane fetched ahead which is one too many by then', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(3_000, timers);
    const spec = { chunk: 100, concurrency: 3, throttle: { maxRate: 100 } };
    const { result } = startProcess(database, timers, spec);
    await timers.sleep(10_000);
    database.control = { concurrency: 1 };
    for (let waited = 0; waited < 6 && database.state === 'running'; waited++) {
      await timers.sleep(10_000);
    }
    expect(database.state).toBe('complete');
    expect((await result).summary.rows).toBe(3_000);
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('waits for a replica that lags', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(2_000, timers);
    const health = () => ({ lagMs: timers.now() < 30_000 ? 60_000 : 10 });
    const { summary } = await startProcess(database, timers, {}, { health }).result;
    expect(summary.durationMs).toBeGreaterThan(29_000);
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('finishes the chunks under way when it is stopped, and leaves a ledger that resumes', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(20_000, timers);
    const first = startProcess(database, timers, { chunk: 100 }, { chunkMs: () => 50 });
    await timers.sleep(2_000);
    first.stop();
    const { summary, error } = await first.result;
    expect(summary.state).toBe('stopped');
    expect(error?.code).toBe('GODWIT_STOPPED');
    expect(database.state).toBe('running');
    expect([...database.chunks.values()].every(({ worker }) => worker === undefined)).toBe(true);
    expect((await startProcess(database, timers).result).summary.rows).toBe(20_000);
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('sweeps again until nothing matches, where changed rows no longer match', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(1_000, timers);
    database.growingKey = false;
    database.matches = ({ n }) => n === 0;
    let inserted = 0;
    const chunkMs = () => {
      if (inserted < 20) database.rows.set(-++inserted, { id: 2_000 + inserted, n: 0, app: 0 });
      const made = database.rows.get(-inserted);
      if (made && inserted <= 20) {
        database.rows.delete(-inserted);
        database.rows.set(made.id, made);
      }
      return 10;
    };
    const spec = { chunk: 100, sweep: 'until-empty', filter: { n: 0 } } as const;
    const { summary } = await startProcess(database, timers, spec, { chunkMs }).result;
    expect(summary.sweeps).toBeGreaterThan(1);
    expect(summary.remaining).toEqual({ within: 0, beyond: 0 });
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('does not sweep again where changed rows still match', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(1_000, timers);
    database.growingKey = false;
    const spec = { sweep: 'until-empty', filter: { app: 0 } } as const;
    const { summary } = await startProcess(database, timers, spec).result;
    expect(summary.sweeps).toBe(1);
    expect(summary.notes[0]).toMatch(/1000 rows match/);
    expect(new Set(counts(database))).toEqual(new Set([1]));
  });

  it('counts new rows beyond the bound', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(1_000, timers);
    let next = 1_000;
    const chunkMs = () => {
      database.rows.set(++next, { id: next, n: 0, app: 0 });
      return 10;
    };
    const { summary } = await startProcess(database, timers, { chunk: 100 }, { chunkMs }).result;
    expect(summary.rows).toBe(1_000);
    expect(summary.remaining?.beyond).toBeGreaterThan(0);
  });

  it('fails when its verify finds something', async () => {
    const timers = new FakeTimers();
    const database = new FakeDatabase(10, timers);
    const verify = async ({ count }: { count(filter: unknown): Promise<number> }) =>
      (await count((row: { n: number }) => row.n > 0)) === 0;
    const { summary, error } = await startProcess(database, timers, { verify }).result;
    expect(summary.state).toBe('failed');
    expect(error?.code).toBe('GODWIT_VERIFY_FAILED');
  });
});

describe('every row exactly once', () => {
  const scenario = fc.record({
    rows: fc.integer({ min: 0, max: 400 }),
    chunk: fc.integer({ min: 1, max: 60 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    processes: fc.integer({ min: 1, max: 4 }),
    kills: fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 4 }),
    mishaps: fc.double({ min: 0, max: 0.25, noNaN: true }),
    bad: fc.double({ min: 0, max: 0.05, noNaN: true }),
    writes: fc.double({ min: 0, max: 1, noNaN: true }),
    inJavaScript: fc.boolean(),
    seed: fc.integer(),
  });

  it('whatever goes wrong', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const random = chance(given.seed);
        const timers = new FakeTimers(random);
        const database = new FakeDatabase(given.rows, timers);
        for (const row of database.rows.values()) row.bad = random() < given.bad;
        let application = 0;
        const connection: Partial<Connection> = {
          mishap: (): Mishap =>
            random() < given.mishaps ? (random() < 0.5 ? 'before' : 'after') : 'none',
          chunkMs: () => {
            const row = database.rows.get(1 + Math.floor(random() * given.rows));
            // A row that is written to all the time would never be left alone.
            if (row && application < 300 && random() < given.writes) {
              row.app++;
              application++;
            }
            return 20 + random() * 200;
          },
        };
        const { chunk, concurrency } = given;
        const spec = {
          chunk,
          concurrency,
          onError: 'skip-and-record',
          ...(given.inJavaScript ? {} : { set: { n: 1 } }),
        } as const;
        const start = () => startProcess(database, timers, spec, connection);
        const running = Array.from({ length: given.processes }, start);
        for (const after of given.kills) {
          await timers.sleep(after);
          running.shift()?.kill();
          running.push(start());
        }
        const results = await Promise.allSettled(running.map(({ result }) => result));
        // Too many mishaps in a row may end a process; the last one is given quiet.
        connection.mishap = () => 'none';
        for (let more = 0; database.state !== 'complete' && more < 3; more++) {
          await startProcess(database, timers, spec, connection).result;
        }
        expect(results.length).toBe(given.processes);
        expect(database.state).toBe('complete');
        const rows = [...database.rows.values()];
        expect(rows.filter((row) => row.n !== (row.bad ? 0 : 1))).toEqual([]);
        expect(rows.reduce((sum, { app }) => sum + app, 0)).toBe(application);
        const setAside = database.poisonedRows.map(({ key }) => key[0]);
        expect(new Set(setAside)).toEqual(new Set(rows.filter((r) => r.bad).map((r) => r.id)));
        expect(setAside.length).toBe(new Set(setAside).size);
      }),
      { numRuns: process.env['GODWIT_SOAK'] ? 2_000 : 120 },
    );
  });
});
