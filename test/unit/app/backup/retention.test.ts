import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePrunable } from '../../../../src/app/backup/retention.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-21T12:00:00Z');
const aged = (days: number, bytes = 1) => ({
  at: new Date(NOW - days * DAY).toISOString(),
  bytes,
});

describe('retention', () => {
  const backups = [aged(9), aged(0), aged(3), aged(1)];

  it('keeps the newest of a count', () => {
    expect(choosePrunable(backups, { count: 2 }, NOW)).toEqual([aged(3), aged(9)]);
  });

  it('keeps what is young enough', () => {
    expect(choosePrunable(backups, { days: 2 }, NOW)).toEqual([aged(3), aged(9)]);
  });

  it('keeps as many bytes as it may, from the newest on', () => {
    const sized = [aged(0, 50), aged(1, 30), aged(2, 30), aged(3, 1)];
    expect(choosePrunable(sized, { bytes: 100 }, NOW)).toEqual([aged(2, 30), aged(3, 1)]);
  });

  it('keeps the newest of everything, however many copies of single collections are newer', () => {
    const whole = [8, 5].map((days) => ({ ...aged(days), only: null }));
    const single = [4, 2, 1].map((days) => ({ ...aged(days), only: ['users'] }));
    const gone = choosePrunable([...whole, ...single], { count: 1, days: 3, bytes: 1 }, NOW);
    expect(gone).toEqual([single[1], single[0], whole[0]]);
  });

  it('keeps all without a limit', () => {
    expect(choosePrunable(backups, {}, NOW)).toEqual([]);
  });

  it('never gives up the newest, and honours every limit for the others', () => {
    const backup = fc.record({ days: fc.nat(400), bytes: fc.nat(1000) });
    const limits = fc.record(
      { count: fc.integer({ min: 1, max: 10 }), days: fc.integer({ min: 1, max: 400 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(backup, { minLength: 1 }), limits, (list, keep) => {
        const all = list.map(({ days, bytes }) => aged(days, bytes));
        const gone = new Set(choosePrunable(all, keep, NOW));
        const kept = all.filter((each) => !gone.has(each));
        const newest = all
          .map(({ at }) => at)
          .sort()
          .at(-1);
        expect(kept.some(({ at }) => at === newest)).toBe(true);
        expect(kept.length).toBeLessThanOrEqual(keep.count ?? all.length);
        for (const { at } of kept) {
          if (at !== newest) {
            expect(NOW - Date.parse(at)).toBeLessThanOrEqual((keep.days ?? 400) * DAY);
          }
        }
      }),
    );
  });
});
