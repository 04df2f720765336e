import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../../src/core/backfill/backoff.ts';
import { ChunkSize } from '../../../../src/core/backfill/chunk-size.ts';
import { around, definitionText, sourceOf } from '../../../../src/core/backfill/definition-text.ts';
import { drawBatch, drawEach } from '../../../../src/core/backfill/draw.ts';
import { Durations } from '../../../../src/core/backfill/durations.ts';
import {
  assessHealth,
  DEFAULT_HEALTH_LIMITS,
} from '../../../../src/core/backfill/health-limits.ts';
import { LaneCount } from '../../../../src/core/backfill/lane-count.ts';
import { RateLimit } from '../../../../src/core/backfill/rate-limit.ts';
import { resolveBackfill } from '../../../../src/core/backfill/resolve.ts';
import { toRowChange } from '../../../../src/core/backfill/row-change.ts';
import { sameValue } from '../../../../src/core/backfill/same-value.ts';
import { Speed } from '../../../../src/core/backfill/speed.ts';
import { maySweepAgain } from '../../../../src/core/backfill/sweep.ts';
import { parseWindow, untilOpen } from '../../../../src/core/backfill/windows.ts';
import type { GodwitError } from '../../../../src/errors.ts';
import { realTimers } from '../../../../src/worker/timers.ts';

const limits = { start: 1_000, min: 1, max: 20_000, targetMs: 400 };

describe('ChunkSize', () => {
  it('grows by at most a fifth, and settles where a chunk takes its time', () => {
    const size = new ChunkSize(limits);
    let before = size.current;
    for (let i = 0; i < 60; i++) {
      size.note(size.current, size.current * 0.05);
      expect(size.current).toBeLessThanOrEqual(Math.ceil(before * 1.2) + 1);
      before = size.current;
    }
    expect(size.current).toBeGreaterThan(7_500);
    expect(size.current).toBeLessThan(8_500);
  });

  it('answers a chunk that took far too long at once', () => {
    const size = new ChunkSize(limits);
    size.note(1_000, 8_000);
    expect(size.current).toBeLessThanOrEqual(60);
  });

  it('is halved by a time-out, and capped by large rows', () => {
    const size = new ChunkSize(limits);
    size.halve();
    expect(size.current).toBe(500);
    size.capAt(20);
    expect(size.current).toBe(20);
  });

  it('is not fooled by the short chunk at the end', () => {
    const size = new ChunkSize(limits);
    for (let i = 0; i < 5; i++) size.note(size.current, 400);
    const { current } = size;
    size.note(3, 1);
    expect(size.current).toBe(current);
  });

  it('stays within its limits whatever it is told', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 50_000 }),
            fc.double({ min: 0, max: 1e6, noNaN: true }),
          ),
        ),
        (notes) => {
          const size = new ChunkSize(limits);
          for (const [rows, ms] of notes) {
            size.note(rows, ms);
            expect(size.current).toBeGreaterThanOrEqual(limits.min);
            expect(size.current).toBeLessThanOrEqual(limits.max);
          }
        },
      ),
    );
  });
});

describe('RateLimit', () => {
  it('asks to wait for what was spent, and saves up nothing', () => {
    const rate = new RateLimit();
    rate.set(100, 0);
    expect(rate.waitMs(60_000)).toBe(0);
    rate.spend(50, 60_000);
    expect(rate.waitMs(60_000)).toBe(500);
    expect(rate.waitMs(60_500)).toBe(0);
  });

  it('is no limit at 0', () => {
    const rate = new RateLimit();
    rate.spend(1e9, 0);
    expect(rate.waitMs(0)).toBe(0);
    expect(rate.largestChunk()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('windows', () => {
  const at = (text: string) => new Date(`2026-11-${text}`);
  const night = [parseWindow('22:00-06:00')].flatMap((w) => w ?? []);

  it.each([
    ['20T23:30:00', 0],
    ['21T05:59:00', 0],
    ['21T06:00:00', 16 * 3_600_000],
    ['21T21:00:00', 3_600_000],
  ])('at %s the night is %i ms away', (time, ms) => {
    expect(untilOpen(night, at(time))).toBe(ms);
  });

  it('knows days', () => {
    const weekend = [parseWindow('sat,sun 00:00-24:00')].flatMap((w) => w ?? []);
    // The 21st is a Saturday.
    expect(untilOpen(weekend, at('21T12:00:00'))).toBe(0);
    expect(untilOpen(weekend, at('23T12:00:00'))).toBe(4.5 * 24 * 3_600_000);
    expect([...(parseWindow('fri-mon 1:00-2:00')?.days ?? [])]).toEqual([5, 6, 0, 1]);
  });

  it.each(['', '22-6', '25:00-26:00', '10:00-10:00', 'xyz 10:00-11:00', '10:61-11:00'])(
    'does not take %j',
    (text) => expect(parseWindow(text)).toBeUndefined(),
  );
});

describe('assessHealth', () => {
  it('goes, slows down and rests', () => {
    const of = (health: Parameters<typeof assessHealth>[0]) =>
      assessHealth(health, DEFAULT_HEALTH_LIMITS).pace;
    expect(of({})).toBe('go');
    expect(of({ lagMs: 8_000 })).toBe('slow');
    expect(of({ lagMs: 11_000 })).toBe('rest');
    expect(of({ flowControlled: true })).toBe('slow');
    expect(of({ retainedWal: 2 ** 40 })).toBe('rest');
    expect(assessHealth({ lagMs: 1e6 }, { ...DEFAULT_HEALTH_LIMITS, maxLagMs: 0 }).pace).toBe('go');
  });
});

describe('LaneCount', () => {
  it('keeps one more lane only where that is faster', () => {
    const lanes = new LaneCount({ start: 2, max: 4, fixed: false });
    for (let now = 0; now <= 60_000; now += 2_000) lanes.note(now, lanes.current * 100, false);
    expect(lanes.current).toBe(4);
    const useless = new LaneCount({ start: 2, max: 4, fixed: false });
    for (let now = 0; now <= 25_000; now += 2_000) useless.note(now, 100, false);
    expect(useless.current).toBe(2);
  });

  it('gives way to a server in trouble, and comes back', () => {
    const lanes = new LaneCount({ start: 8, max: 8, fixed: true });
    lanes.note(0, 1, true);
    expect(lanes.current).toBe(4);
    for (let now = 2_000; now < 20_000; now += 2_000) lanes.note(now, 1, false);
    expect(lanes.current).toBe(8);
  });
});

describe('Durations', () => {
  it('finds quantiles within 5 %', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { minLength: 1 }),
        (all) => {
          const durations = new Durations();
          for (const ms of all) durations.note(ms);
          const sorted = [...all].sort((a, b) => a - b);
          for (const part of [0.5, 0.95]) {
            const exact = sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
            expect(Math.abs(durations.quantile(part) - exact)).toBeLessThanOrEqual(
              exact * 0.05 + 0.6,
            );
          }
        },
      ),
    );
  });
});

describe('Speed', () => {
  it('looks at the last ten seconds', () => {
    const speed = new Speed();
    for (let s = 0; s <= 100; s++) speed.note(s < 50 ? s * 10 : 500 + (s - 50) * 100, s * 1000);
    expect(speed.rowsPerSecond).toBeCloseTo(100);
    expect(speed.eta(1_000)).toBeCloseTo(10_000);
    expect(new Speed().eta(5)).toBeUndefined();
  });
});

describe('backoffMs', () => {
  it('doubles up to five seconds', () => {
    expect([1, 2, 3, 30].map((n) => backoffMs(n, 1))).toEqual([100, 200, 400, 5_000]);
    expect(backoffMs(1, 0)).toBe(50);
  });
});

describe('maySweepAgain', () => {
  it('stops where another sweep would change rows twice, or changes none', () => {
    expect(maySweepAgain({ sweep: 1, changed: 100, left: 3 }).again).toBe(true);
    expect(maySweepAgain({ sweep: 1, changed: 100, left: 100 }).again).toBe(false);
    expect(maySweepAgain({ sweep: 2, changed: 0, left: 100 }).again).toBe(false);
    expect(maySweepAgain({ sweep: 20, changed: 9, left: 3 }).again).toBe(false);
  });
});

describe('toRowChange', () => {
  const read = { key: [1], row: { _id: 1, a: 1, b: 'x', c: undefined } };

  it.each([
    [undefined, { type: 'none' }],
    [null, { type: 'none' }],
    [{}, { type: 'none' }],
    [{ _id: 1, a: 1 }, { type: 'none' }],
    [
      { a: 2, b: 'x' },
      { type: 'set', values: { a: 2 } },
    ],
    [{ $delete: true }, { type: 'delete' }],
    [
      { $set: { a: 2 }, $unset: ['b'] },
      { type: 'set', values: { a: 2 }, unset: ['b'] },
    ],
    [{ $unset: { b: '' } }, { type: 'set', values: {}, unset: ['b'] }],
  ])('%j', (answer, change) => expect(toRowChange(answer as never, read)).toEqual(change));

  it.each([[5], ['text'], [[]], [{ $inc: { a: 1 } }], [{ $set: {}, a: 2 }], [{ d: undefined }]])(
    '%j is refused',
    (answer) => expect(() => toRowChange(answer as never, read)).toThrow(TypeError),
  );
});

describe('a transform that never answers', () => {
  const rows = [1, 2, 3].map((n) => ({ key: [n], row: { n } }));
  const answer = (n: number): Promise<undefined> =>
    n === 2 ? new Promise(() => {}) : Promise.resolve(undefined);
  const { signal } = new AbortController();

  it.each([
    ['row by row', drawEach(({ n }) => answer(n), realTimers, 30)],
    ['in batches', drawBatch((all) => Promise.all(all.map(({ n }) => answer(n))), realTimers, 30)],
  ])('fails for its row alone, %s', async (_, draw) => {
    const changes = await draw(rows, signal);
    expect(changes).toMatchObject([
      { type: 'none' },
      {
        type: 'poison',
        error: { code: 'GODWIT_BACKFILL_TIMEOUT', message: expect.stringContaining('the row 2.') },
      },
      { type: 'none' },
    ]);
  });
});

describe('drawBatch', () => {
  it('finds the row that is to blame, and keeps what the others gave', async () => {
    const calls: number[] = [];
    const draw = drawBatch((rows: readonly { n: number }[]) => {
      calls.push(rows.length);
      if (rows.some(({ n }) => n === 5)) throw new Error('not five');
      return rows.map(({ n }) => ({ n: n + 1 }));
    }, realTimers);
    const rows = Array.from({ length: 8 }, (_, n) => ({ key: [n], row: { n } }));
    const changes = await draw(rows, new AbortController().signal);
    expect(changes.map(({ type }) => type)).toEqual([
      ...Array(5).fill('set'),
      'poison',
      'set',
      'set',
    ]);
    expect(calls[0]).toBe(8);
  });

  it('does not take a list of another length', async () => {
    const draw = drawBatch(() => [], realTimers);
    const [change] = await draw([{ key: [1], row: {} }], new AbortController().signal);
    expect(change).toMatchObject({ type: 'poison' });
  });
});

describe('sameValue and definitionText', () => {
  it('agree on plain values', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true }), (value) => {
        if (typeof value === 'object' && value !== null && 'equals' in value) return;
        expect(sameValue(value, value)).toBe(true);
        expect(definitionText(value)).toBe(definitionText(value));
      }),
    );
    expect(sameValue({ a: [1, new Date(5)] }, { a: [1, new Date(5)] })).toBe(true);
    expect(sameValue({ a: 1 }, { b: 1 })).toBe(false);
    expect(sameValue(Buffer.from('a'), Buffer.from('b'))).toBe(false);
  });

  it('see functions by their source', () => {
    expect(definitionText((a: number) => a + 1)).not.toBe(definitionText((a: number) => a + 2));
    const inner = (a: number): number => a + 1;
    const outer = around(inner, (a: number) => inner(a) * 2);
    expect(outer(1)).toBe(4);
    expect(definitionText(around(outer, () => 0))).toBe(definitionText(inner));
    expect(sourceOf(outer)).toBe(String(inner));
  });
});

describe('resolveBackfill', () => {
  const options = { ledger: 'backfill:x', name: 'x', sql: false };
  const problemsOf = (spec: unknown, sql = false): string => {
    try {
      resolveBackfill(spec as never, { ...options, sql });
      return '';
    } catch (error) {
      expect((error as GodwitError).code).toBe('GODWIT_BACKFILL_INVALID');
      return (error as GodwitError).message;
    }
  };

  it('lists all that is wrong', () => {
    const message = problemsOf({
      table: 'users',
      set: {},
      transform: 5,
      chunk: 0,
      concurrency: 1.5,
      onError: 'ignore',
      throttle: { nice: 2, windows: ['never'], speed: 1 },
      colour: 'red',
      fields: [],
    });
    for (const part of [
      'colour',
      'collection',
      'table',
      'only one of',
      'chunk',
      'concurrency',
      'onError',
      'nice',
      'never',
      'throttle.speed',
      'fields',
    ]) {
      expect(message).toContain(part);
    }
  });

  it.each([
    [{ collection: 'u', set: { a: 1, $inc: { b: 1 } } }, false, 'mixes'],
    [
      { collection: 'u', sql: 'update u set a = 1 where {{chunk}}' },
      false,
      'sql is for PostgreSQL',
    ],
    [{ table: 'u', sql: 'update u set a = 1' }, true, '{{chunk}}'],
    [{ table: 'u', sql: 'select 1 where {{chunk}}' }, true, 'UPDATE or DELETE'],
    [{ table: 'u', set: { a: 1 } }, true, 'SQL expression'],
    [{ collection: 'u' }, false, 'one of set, sql'],
    [undefined, false, 'no object'],
  ])('%j is refused', (spec, sql, part) =>
    expect(problemsOf(spec, sql as boolean)).toContain(part),
  );

  it('takes plain fields for $set on MongoDB, and a key as a list', () => {
    const { job } = resolveBackfill({ collection: 'u', set: { a: 1 }, key: 'email' }, options);
    expect(job.change).toEqual({ type: 'set', set: { $set: { a: 1 } } });
    expect(job.key).toEqual(['email']);
    const { job: pipeline } = resolveBackfill(
      { collection: 'u', set: [{ $set: { a: 1 } }] },
      options,
    );
    expect(pipeline.change).toEqual({ type: 'set', set: [{ $set: { a: 1 } }] });
  });

  it('hashes what changes the meaning, and nothing else', () => {
    const of = (spec: object, module?: string) =>
      resolveBackfill({ collection: 'u', ...spec } as never, { ...options, module }).job.definition;
    const base = of({ set: { a: 1 } });
    expect(of({ set: { a: 1 }, chunk: 5, concurrency: 3, onError: 'skip-and-record' })).toBe(base);
    expect(of({ set: { a: 2 } })).not.toBe(base);
    expect(of({ set: { a: 1 }, filter: { b: 1 } })).not.toBe(base);
    expect(of({ set: { a: 1 }, backup: 'touched' })).not.toBe(base);
    expect(of({ transform: () => ({ a: 1 }) })).not.toBe(of({ transform: () => ({ a: 2 }) }));
    expect(of({ transform: './t.ts' }, 'one')).not.toBe(of({ transform: './t.ts' }, 'two'));
  });
});
