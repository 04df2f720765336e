import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines, diffSnapshots } from '../../../src/core/schema-diff.ts';
import type { Snapshot, SnapshotObject } from '../../../src/ports/snapshot.ts';

const object = (name: string, definition: string): SnapshotObject => ({
  kind: 'table',
  name,
  section: 'pre-data',
  definition,
});
const snapshot = (objects: readonly SnapshotObject[]): Snapshot => ({
  format: 1,
  driver: 'postgres',
  server: '18',
  objects,
  roles: [],
  warnings: [],
});

describe('diffSnapshots', () => {
  it('finds what was added, removed and changed', () => {
    const before = snapshot([object('a', '1'), object('b', '1'), object('c', '1')]);
    const after = snapshot([object('d', '1'), object('b', '2'), object('a', '1')]);
    expect(diffSnapshots(before, after)).toEqual({
      changes: [
        { change: 'added', kind: 'table', name: 'd', after: '1' },
        { change: 'changed', kind: 'table', name: 'b', before: '1', after: '2' },
        { change: 'removed', kind: 'table', name: 'c', before: '1' },
      ],
      summary: { added: 1, removed: 1, changed: 1 },
    });
  });

  const schemas = fc
    .dictionary(fc.string({ maxLength: 2 }), fc.string({ maxLength: 2 }), { maxKeys: 8 })
    .map((all) => snapshot(Object.entries(all).map(([name, text]) => object(name, text))));

  it('is empty between equals, whatever their order, and turns round', () => {
    fc.assert(
      fc.property(schemas, schemas, (a, b) => {
        const shuffled = snapshot(a.objects.toReversed());
        expect(diffSnapshots(a, shuffled).changes).toEqual([]);
        const [there, back] = [diffSnapshots(a, b).summary, diffSnapshots(b, a).summary];
        expect(back).toEqual({
          added: there.removed,
          removed: there.added,
          changed: there.changed,
        });
      }),
    );
  });

  it('leads from the one to the other when it is carried out', () => {
    fc.assert(
      fc.property(schemas, schemas, (a, b) => {
        const state = new Map(a.objects.map(({ name, definition }) => [name, definition]));
        for (const { change, name, after } of diffSnapshots(a, b).changes) {
          if (change === 'removed') state.delete(name);
          else state.set(name, after ?? '');
        }
        const wanted = b.objects.map(({ name, definition }) => [name, definition] as const);
        expect(state).toEqual(new Map(wanted));
      }),
    );
  });
});

describe('diffLines', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.join('\n'));

  it('keeps both texts in it', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after);
        const without = (sign: string): string =>
          lines
            .filter((line) => line.sign !== sign)
            .map((line) => line.text)
            .join('\n');
        expect(without('+')).toBe(before);
        expect(without('-')).toBe(after);
      }),
    );
  });

  it('keeps as much as can be kept', () => {
    expect(diffLines('a\nb\nc\nd', 'a\nc\nx\nd')).toEqual([
      { sign: ' ', text: 'a' },
      { sign: '-', text: 'b' },
      { sign: ' ', text: 'c' },
      { sign: '+', text: 'x' },
      { sign: ' ', text: 'd' },
    ]);
  });

  it('replaces texts of thousands of lines whole', () => {
    const lines = (from: number) =>
      Array.from({ length: 3000 }, (_, i) => `${from + i}`).join('\n');
    expect(diffLines(lines(0), lines(9000))).toHaveLength(6000);
  });
});
