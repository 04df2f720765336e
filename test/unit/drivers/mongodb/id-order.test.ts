import { BSON } from 'mongodb';
import { expect, it } from 'vitest';
import { compareIds, idText } from '../../../../src/drivers/mongodb/id-order.ts';

const { Decimal128, Int32, Long, ObjectId, UUID } = BSON;

it('sorts as the server does, field by field', () => {
  const sorted = (ids: unknown[]) => [...ids].sort(compareIds);
  expect(sorted([10, 9, new Int32(8)])).toEqual([new Int32(8), 9, 10]);
  expect(
    sorted([
      { t: 2, n: 1 },
      { t: 1, n: 10 },
      { t: 1, n: 9 },
    ]),
  ).toEqual([
    { t: 1, n: 9 },
    { t: 1, n: 10 },
    { t: 2, n: 1 },
  ]);
  expect(sorted([{ a: 1, b: 1 }, { a: 1 }])).toEqual([{ a: 1 }, { a: 1, b: 1 }]);
});

it('tells ids apart, and knows the same one again', () => {
  const id = '656565656565656565656565';
  const all = [
    ...[1, '1', new Date(1), id, new ObjectId(id), { a: 1 }, { a: '1' }, { b: 1 }, { a: { a: 1 } }],
    ...[[1], [[1]], null, true, new UUID('0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b')],
  ];
  expect(new Set(all.map(idText)).size).toBe(all.length);
  expect(idText(Long.fromNumber(5))).toBe(idText(new Int32(5)));
  expect(idText(Decimal128.fromString('5'))).toBe(idText(5));
  expect(idText({ a: new ObjectId(id) })).toBe(idText({ a: new ObjectId(id) }));
});
