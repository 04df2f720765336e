import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applySteps } from '../../../../src/core/sync/apply-steps.ts';
import { asWanted } from '../../../../src/core/sync/as-wanted.ts';
import { sameCollation } from '../../../../src/core/sync/collation.ts';
import { diff } from '../../../../src/core/sync/diff.ts';
import { matches, type SyncPolicy } from '../../../../src/core/sync/policy.ts';
import { mergeDefinitions } from '../../../../src/core/sync/wanted.ts';
import { GodwitError } from '../../../../src/errors.ts';
import type {
  ActualCollection,
  CollectionDefinition,
  FoundDefinition,
  IndexDefinition,
} from '../../../../src/ports/definition.ts';

const policy: SyncPolicy = {
  ...{ rebuild: true, hideForMs: 0, drop: true, ignore: [], hidden: [] },
  now: new Date(0),
};
const found = (...definitions: CollectionDefinition[]): FoundDefinition[] =>
  definitions.map((definition, at) => ({ definition, from: `file ${at}` }));
const of = (name: string, indexes: readonly IndexDefinition[]): ActualCollection => ({
  ...{ name, type: 'collection', options: {} },
  indexes: [
    { key: { _id: 1 }, name: '_id_' },
    ...indexes.map((index) => ({
      ...index,
      name: index.name ?? Object.entries(index.key).flat().join('_'),
    })),
  ],
});

const indexes = fc.uniqueArray(
  fc.record(
    {
      key: fc.constantFrom<Record<string, 1 | -1 | 'text'>>(
        { a: 1 },
        { b: -1 },
        { a: 1, b: 1 },
        { b: 1, a: 1 },
        { t: 'text' },
      ),
      unique: fc.boolean(),
      sparse: fc.boolean(),
      expireAfterSeconds: fc.constantFrom(1, 2),
      hidden: fc.boolean(),
      collation: fc.constantFrom({ locale: 'en' }, { locale: 'simple' }),
      partialFilterExpression: fc.constantFrom({ c: 1 }, { c: { $gt: 1 } }),
    },
    { requiredKeys: ['key'] },
  ),
  { selector: ({ key }) => JSON.stringify(key) },
);
const collections = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom('x', 'y', 'z'),
      indexes,
      validator: fc.constantFrom({ a: 1 }, { a: 2 }, null),
      options: fc.constantFrom({ expireAfterSeconds: 5 }, {}),
    },
    { requiredKeys: ['name', 'indexes'] },
  ),
  { selector: ({ name }) => name },
);

describe('diff', () => {
  it('leads to what is wanted, from anything, and then finds nothing', () => {
    fc.assert(
      fc.property(collections, collections, (before, after) => {
        const wanted = mergeDefinitions(found(...after));
        const start = applySteps([], diff(mergeDefinitions(found(...before)), [], policy));
        const operations = diff(wanted, start, policy);
        expect(operations.filter(({ status }) => status !== 'pending')).toEqual([]);
        const end = applySteps(start, operations);
        expect(diff(wanted, end, policy)).toEqual([]);
        // And back again.
        const old = start
          .filter(({ name }) => after.some((one) => one.name === name))
          .map(asWanted);
        const back = applySteps(
          end,
          diff(old, end, policy).filter(({ action }) => action !== 'conflict'),
        );
        expect(diff(old, back, policy).filter(({ action }) => action !== 'conflict')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('never takes anything away before everything new is there', () => {
    fc.assert(
      fc.property(collections, collections, (before, after) => {
        const start = before.map((one) => of(one.name, one.indexes));
        const operations = diff(mergeDefinitions(found(...after)), start, policy);
        const actions = operations.map(({ action }) => action);
        const lastNew = actions.findLastIndex((action) => action.startsWith('create'));
        const firstGone = actions.indexOf('drop-index');
        if (firstGone >= 0) expect(firstGone).toBeGreaterThan(lastNew);
        expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
      }),
    );
  });

  it('takes an index that matches under any name, whatever order a text index lists', () => {
    const actual = of('c', [{ key: { a: 1 }, name: 'by_hand' }]);
    const text: ActualCollection['indexes'][number] = {
      ...{ key: { x: 1, _fts: 'text', _ftsx: 1 }, name: 't', weights: { b: 1, a: 3 } },
      ...{ default_language: 'english', language_override: 'language' },
    };
    const wanted: CollectionDefinition = {
      name: 'c',
      indexes: [{ key: { a: 1 } }, { key: { x: 1, a: 'text', b: 'text' }, weights: { a: 3 } }],
    };
    const present = { ...actual, indexes: [...actual.indexes, text] };
    expect(diff(mergeDefinitions(found(wanted)), [present], policy)).toEqual([]);
  });

  it('leaves what is built, hidden or ignored to its time', () => {
    const index = { key: { a: 1 }, name: 'a_1' } as const;
    const wanted = mergeDefinitions(found({ name: 'c', indexes: [] }));
    const hide = { ...policy, hideForMs: 1000, now: new Date(5000) };
    const actions = (one: SyncPolicy, hidden = false) =>
      diff(wanted, [of('c', [{ ...index, hidden }])], one).map(
        ({ action, status }) => `${action} ${status}`,
      );
    expect(actions(hide)).toEqual(['hide-index pending']);
    // Hidden by somebody else: its time begins now.
    expect(actions(hide, true)).toEqual(['hide-index pending']);
    const since = (ms: number) => ({
      ...hide,
      hidden: [{ collection: 'c', index: 'a_1', since: new Date(ms) }],
    });
    expect(actions(since(4500), true)).toEqual(['drop-index waiting']);
    expect(actions(since(4000), true)).toEqual(['drop-index pending']);
    expect(actions({ ...policy, ignore: ['a_*'] })).toEqual([]);
    expect(actions({ ...policy, drop: false })).toEqual([]);
  });

  it('refuses definitions that are wrong or contradict each other, all at once', () => {
    const wrong = found(
      { name: 'c', indexes: [{ key: { a: 'up' } }, { key: {} }] },
      { name: 'v', view: { viewOn: 'c', pipeline: [] }, indexes: [{ key: { a: 1 } }] },
      { name: 'system.x', colour: 1 } as CollectionDefinition,
    );
    const lines = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return (error as GodwitError).message.split('\n').length;
      }
      return 0;
    };
    expect(lines(() => mergeDefinitions(wrong))).toBe(6);
    const twice = found({ name: 'c', validator: { a: 1 } }, { name: 'c', validator: { a: 2 } });
    expect(() => mergeDefinitions(twice)).toThrow(GodwitError);
    const shared = found(
      { name: 'c', indexes: [{ key: { a: 1 } }] },
      { name: 'c', validator: { a: 1 }, indexes: [{ key: { a: 1 } }] },
    );
    expect(mergeDefinitions(shared)).toMatchObject([
      { indexes: [{}], validator: { a: 1 }, from: ['file 0', 'file 1'] },
    ]);
  });
});

describe('what is compared', () => {
  it('collations, with what the server fills in', () => {
    const filled = {
      locale: 'en',
      strength: 3,
      caseLevel: false,
      numericOrdering: false,
      version: '57.1',
    };
    expect(sameCollation({ locale: 'en' }, filled)).toBe(true);
    expect(sameCollation({ locale: 'en', strength: 2 }, filled)).toBe(false);
    expect(sameCollation(undefined, { locale: 'simple' })).toBe(true);
    expect(sameCollation(undefined, filled)).toBe(false);
  });

  it('names, by patterns', () => {
    expect(matches('a.b_1', ['a.*'])).toBe(true);
    expect(matches('axb_1', ['a.*'])).toBe(false);
  });
});
