import fc from 'fast-check';
import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId } from 'mongodb';
import { describe, expect, it } from 'vitest';
import {
  rankOf,
  sameValue,
  typesBetween,
} from '../../../../../src/drivers/mongodb/backfill/bson-order.ts';

const text = (value: unknown): string => JSON.stringify(value);

describe('the order of BSON types', () => {
  it('knows the rank of each type', () => {
    const ordered = [
      new MinKey(),
      null,
      1,
      'a',
      { a: 1 },
      [1],
      new Binary(Buffer.from('x')),
      new ObjectId(),
      false,
      new Date(),
    ];
    const ranks = [...ordered, new MaxKey()].map(rankOf);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(ranks.length);
    expect(rankOf(new Int32(1))).toBe(rankOf(Long.fromNumber(1)));
    expect(typesBetween(rankOf(1), rankOf({}))).toEqual(['string', 'symbol']);
    expect(typesBetween(rankOf(1), rankOf(2))).toEqual([]);
  });

  it('takes a number for the same whatever type holds it', () => {
    const numbers = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constant(0));
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        for (const [x, y] of [
          [a, b],
          [a, a],
        ] as const) {
          const same = x === y;
          expect(sameValue(x, y, text)).toBe(same);
          expect(sameValue(new Double(x), y, text)).toBe(same);
          if (Number.isSafeInteger(x)) expect(sameValue(Long.fromNumber(x), y, text)).toBe(same);
          if (Number.isInteger(x) && Math.abs(x) < 1e15) {
            expect(sameValue(Decimal128.fromString(`${x}.00`), y, text)).toBe(same);
          }
        }
      }),
    );
    expect(sameValue(Number.NaN, Decimal128.fromString('NaN'), text)).toBe(true);
    expect(sameValue(Long.fromString('9007199254740993'), 9007199254740992, text)).toBe(false);
    expect(sameValue(Decimal128.fromString('1E+3'), 1000, text)).toBe(true);
    expect(sameValue(1, '1', text)).toBe(false);
  });
});
