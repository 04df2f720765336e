import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareRows, type TableState } from '../../../../src/core/roundtrip/compare-rows.ts';
import { compareStates } from '../../../../src/core/roundtrip/compare-states.ts';
import { bucketOf, Fingerprint } from '../../../../src/core/roundtrip/fingerprint.ts';
import type { Row } from '../../../../src/ports/rows.ts';
import type { Snapshot } from '../../../../src/ports/snapshot.ts';

function state(rows: readonly Row[]): TableState {
  const print = new Fingerprint();
  for (const row of rows) print.add(row);
  return {
    print,
    async *rows() {
      yield rows;
    },
  };
}

const rowsOf = fc
  .uniqueArray(fc.nat(200), { maxLength: 60 })
  .chain((keys) =>
    fc.tuple(...keys.map((key) => fc.record({ key: fc.constant(`${key}`), text: fc.string() }))),
  );

it('finds no difference between the same rows in any order', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, fc.infiniteStream(fc.nat()), async (rows, order) => {
      const shuffled = rows
        .map((row) => ({ row, at: order.next().value }))
        .sort((a, b) => a.at - b.at)
        .map(({ row }) => row);
      expect(await compareRows(state(rows), state(shuffled))).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

it('counts what is missing, too many and changed as a plain comparison does', async () => {
  await fc.assert(
    fc.asyncProperty(rowsOf, rowsOf, async (before, after) => {
      const was = new Map(before.map(({ key, text }) => [key, text]));
      const is = new Map(after.map(({ key, text }) => [key, text]));
      const missing = [...was.keys()].filter((key) => !is.has(key)).length;
      const extra = [...is.keys()].filter((key) => !was.has(key)).length;
      const changed = [...was].filter(([key, text]) => is.has(key) && is.get(key) !== text).length;
      const found = await compareRows(state(before), state(after));
      if (missing + extra + changed === 0) expect(found).toBeUndefined();
      else expect(found).toMatchObject({ missing, extra, changed, complete: true });
    }),
    { numRuns: 100 },
  );
});

it('tells rows of the same text apart by their keys, in one bucket too', async () => {
  const [first, ...others] = Array.from({ length: 20_000 }, (_, key) => `${key}`);
  const beside = others.find((key) => bucketOf(key) === bucketOf(`${first}`));
  const of = (key: string | undefined) => state([{ key: `${key}`, text: '' }]);
  expect(await compareRows(of(first), of(beside))).toMatchObject({ missing: 1, extra: 1 });
});

it('tells rows without a key apart, however often each is there', async () => {
  const row = (text: string): Row => ({ key: text, text });
  const found = await compareRows(
    state([row('a'), row('a'), row('b')]),
    state([row('a'), row('b'), row('c')]),
  );
  expect(found).toMatchObject({ missing: 1, extra: 1, changed: 0 });
});

it('says at least, and holds few rows, where very many differ', async () => {
  const many = (text: string) =>
    Array.from({ length: 30_000 }, (_, key) => ({ key: `${key}`, text: `${key} ${text}` }));
  const found = await compareRows(state(many('a')), state(many('b')));
  expect(found?.complete).toBe(false);
  expect(found?.changed).toBeGreaterThan(5_000);
  expect(found?.changed).toBeLessThan(30_000);
  expect(found?.examples).toHaveLength(5);
});

it('warns only, after the second up, of rows that are other each time', async () => {
  const schema: Snapshot = {
    ...{ format: 1, driver: 'mongodb', server: '7', objects: [], roles: [], warnings: [] },
  };
  const at = (rows: readonly Row[]) => ({ schema, tables: new Map([['logs', state(rows)]]) });
  const [one, other] = [at([{ key: '1', text: 'a' }]), at([{ key: '2', text: 'b' }])];
  const severities = async (lenient: boolean, now: typeof one) =>
    (await compareStates(one, now, 'again', lenient)).map(({ severity }) => severity);
  expect(await severities(true, other)).toEqual(['warning']);
  expect(await severities(false, other)).toEqual(['error']);
  expect(await severities(true, at([]))).toEqual(['error']);
  const gone = await compareStates(one, { schema, tables: new Map() }, 'down', false);
  expect(gone).toMatchObject([{ change: 'missing', kind: 'rows', name: 'logs' }]);
});
