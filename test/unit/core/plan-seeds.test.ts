import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSeeds, type SeedStatus } from '../../../src/core/plan-seeds.ts';
import { aMigration, aRecord } from './build.ts';

function seed(version: string, dependsOn: string[] = [], applied = false): SeedStatus {
  const migration = { ...aMigration(version), kind: 'seed' as const };
  const record = applied ? aRecord(version, { kind: 'seed' }) : undefined;
  const state = applied ? 'applied' : 'pending';
  return { version, id: migration.id, state, migration, record, dependsOn };
}

const versions = (plan: ReturnType<typeof planSeeds>) => plan.steps.map(({ version }) => version);

describe('planSeeds', () => {
  it('keeps the order where nothing depends on anything', () => {
    expect(versions(planSeeds([seed('1'), seed('2'), seed('10')], {}))).toEqual(['1', '2', '10']);
  });

  it('leaves out what is applied, unless it is asked for again', () => {
    const seeds = [seed('1', [], true), seed('2', ['1'])];
    expect(versions(planSeeds(seeds, {}))).toEqual(['2']);
    expect(versions(planSeeds(seeds, { again: true }))).toEqual(['1', '2']);
    expect(versions(planSeeds(seeds, { again: true, only: ['2'] }))).toEqual(['2']);
  });

  it('puts every seed after all that it depends on, each once', () => {
    // Of ten seeds any may depend on any that were made before it, in whatever order they stand.
    const graph = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(graph, fc.array(fc.nat(), { minLength: 10, maxLength: 10 }), (edges, order) => {
        const seeds = edges.map((to, n) =>
          seed(String(n), to.filter((other) => other < n).map(String)),
        );
        const shuffled = seeds
          .map((one, n) => ({ one, at: order[n] ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        const plan = planSeeds(shuffled, {});
        const done = versions(plan);
        expect(plan.problems).toEqual([]);
        expect([...done].sort()).toEqual(seeds.map(({ version }) => version).sort());
        for (const { version, dependsOn } of seeds) {
          for (const other of dependsOn)
            expect(done.indexOf(other)).toBeLessThan(done.indexOf(version));
        }
      }),
    );
  });

  it('tells of circles and of what there is not', () => {
    const plan = planSeeds([seed('1', ['2']), seed('2', ['1', 'nobody'])], { only: ['who'] });
    expect(plan.problems.map(({ code }) => code)).toEqual([
      ...['GODWIT_MIGRATION_UNKNOWN', 'GODWIT_SEED_INVALID', 'GODWIT_SEED_INVALID'],
    ]);
  });
});
