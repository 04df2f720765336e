import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/core/ordering.ts';
import { computePlan, type Plan, type PlanRequest } from '../../../src/core/plan.ts';
import type { VersionRecord } from '../../../src/ports/history.ts';
import type { Migration } from '../../../src/ports/migration.ts';
import { aMigration, aRecord } from './build.ts';

const error = { code: 'GODWIT_MIGRATION_FAILED', message: 'no' } as const;

function planOf(
  migrations: Migration[],
  records: VersionRecord[],
  request: Partial<PlanRequest> = {},
): Plan {
  return computePlan({
    migrations,
    records,
    problems: [],
    request: { direction: 'up', outOfOrder: 'warn', ...request },
  });
}

const versions = (plan: Plan): string[] => plan.steps.map((step) => step.version);
const codes = (plan: Plan): string[] => plan.problems.map((p) => `${p.severity} ${p.code}`);
const three = ['1', '2', '3'].map((version) => aMigration(version));

describe('up', () => {
  it('runs what is not applied, in version order', () => {
    expect(versions(planOf(three, [aRecord('1')]))).toEqual(['2', '3']);
  });

  it('goes up to and with a version, an id, or a number no file has', () => {
    expect(versions(planOf(three, [], { to: '002' }))).toEqual(['1', '2']);
    expect(versions(planOf(three, [], { to: '2_step' }))).toEqual(['1', '2']);
    expect(versions(planOf(three, [], { to: '5' }))).toEqual(['1', '2', '3']);
    expect(codes(planOf(three, [], { to: 'nothing' }))).toEqual(['error GODWIT_MIGRATION_UNKNOWN']);
  });

  it('takes steps, or only one', () => {
    expect(versions(planOf(three, [], { steps: 2 }))).toEqual(['1', '2']);
    expect(versions(planOf(three, [], { only: '2' }))).toEqual(['2']);
  });

  it('stops at an edited file, and goes on when only comments changed', () => {
    const edited = [aRecord('1', { checksum: 'other', normalized: 'v1:other' })];
    expect(codes(planOf(three, edited))).toEqual(['error GODWIT_MODIFIED']);
    const reformatted = [aRecord('1', { checksum: 'other', normalized: 'v1:1' })];
    expect(codes(planOf(three, reformatted))).toEqual([]);
  });

  it('treats an older pending file as the policy says', () => {
    const records = [aRecord('1'), aRecord('3')];
    expect(codes(planOf(three, records))).toEqual(['warning GODWIT_OUT_OF_ORDER']);
    expect(codes(planOf(three, records, { outOfOrder: 'refuse' }))).toEqual([
      'error GODWIT_OUT_OF_ORDER',
    ]);
    expect(codes(planOf(three, records, { outOfOrder: 'allow' }))).toEqual([]);
    expect(versions(planOf(three, records))).toEqual(['2']);
  });

  it('asks about an interrupted one that did work outside a transaction', () => {
    const records = [aRecord('1', { state: 'open', resume: 'ask', appliedSeq: undefined })];
    expect(codes(planOf(three, records))).toEqual(['error GODWIT_INTERRUPTED']);
    expect(versions(planOf(three, records, { retry: true }))).toEqual(['1', '2', '3']);
    expect(codes(planOf(three, records, { retry: true }))).toEqual([]);
    const idempotent = [aMigration('1', { idempotent: true })];
    expect(versions(planOf(idempotent, records))).toEqual(['1']);
  });

  it('resumes an interrupted one that has a checkpoint, without being asked', () => {
    const checkpoint = { statements: 2, prefix: 'p' };
    const plan = planOf(three, [aRecord('1', { state: 'open', resume: 'checkpoint', checkpoint })]);
    expect(plan.steps[0]?.reasons).toEqual(['interrupted, goes on after statement 2']);
    expect(codes(plan)).toEqual([]);
  });

  it('runs a failed one again, but never one whose revert failed half-way', () => {
    expect(
      versions(planOf(three, [aRecord('1', { state: 'failed', effect: 'partial', error })])),
    ).toContain('1');
    const half = [aRecord('1', { state: 'failed', direction: 'down', effect: 'partial', error })];
    expect(versions(planOf(three, half))).not.toContain('1');
    expect(codes(planOf(three, half))).toEqual(['error GODWIT_HALF_REVERTED']);
  });

  it('leaves alone what somebody else is running', () => {
    const by = { host: 'h', user: 'u', pid: 1, godwit: '0' };
    const holder = { by, command: 'up', since: new Date(), fence: 9, alive: true };
    const plan = computePlan({
      migrations: three,
      records: [aRecord('1', { state: 'open', resume: 'ask', fence: 9 })],
      problems: [],
      holder,
      request: { direction: 'up', outOfOrder: 'warn' },
    });
    expect(versions(plan)).toEqual(['2', '3']);
    expect(codes(plan)).toEqual(['warning GODWIT_LOCK_HELD']);
  });
});

describe('down', () => {
  const down = { direction: 'down' } as const;

  it('reverts in reverse order of application, not of version', () => {
    const records = [
      aRecord('1', { appliedSeq: 7 }),
      aRecord('2', { appliedSeq: 3 }),
      aRecord('3', { appliedSeq: 5 }),
    ];
    expect(versions(planOf(three, records, { ...down, all: true }))).toEqual(['1', '3', '2']);
    expect(versions(planOf(three, records, down))).toEqual(['1']);
    expect(versions(planOf(three, records, { ...down, steps: 2 }))).toEqual(['1', '3']);
    expect(versions(planOf(three, records, { ...down, to: '3' }))).toEqual(['1']);
  });

  it('goes down to nothing, also when the target was never applied', () => {
    const records = [aRecord('2'), aRecord('3')];
    expect(versions(planOf(three, records, { ...down, to: '0' }))).toEqual(['3', '2']);
    expect(versions(planOf(three, records, { ...down, to: '1' }))).toEqual(['3', '2']);
  });

  it('never steps over a missing or irreversible one', () => {
    const missing = planOf([aMigration('1')], [aRecord('1'), aRecord('2')], { ...down, steps: 2 });
    expect(codes(missing)).toEqual(['error GODWIT_MISSING']);
    const stuck = planOf([aMigration('1', { reversible: false })], [aRecord('1')], down);
    expect(codes(stuck)).toEqual(['error GODWIT_IRREVERSIBLE']);
  });

  it('waits until an interrupted one is settled', () => {
    const records = [
      aRecord('1'),
      aRecord('2', { state: 'open', resume: 'ask', appliedSeq: undefined }),
    ];
    expect(codes(planOf(three, records, down))).toEqual(['error GODWIT_INTERRUPTED']);
    expect(versions(planOf(three, records, { ...down, only: '2', retry: true }))).toEqual(['2']);
    expect(codes(planOf(three, records, { ...down, only: '2', retry: true }))).toEqual([]);
  });

  it('finishes a half-done revert first', () => {
    const records = [
      aRecord('1'),
      aRecord('2', { state: 'failed', direction: 'down', effect: 'partial', error }),
    ];
    expect(versions(planOf(three, records, down))).toEqual(['2']);
  });
});

describe('any plan', () => {
  const stateArb = fc.constantFrom<VersionRecord['state']>('applied', 'pending', 'failed', 'open');
  const recordArb = fc.record({
    version: fc.integer({ min: 1, max: 12 }).map(String),
    state: stateArb,
    direction: fc.constantFrom('up' as const, 'down' as const),
    appliedSeq: fc.integer({ min: 1, max: 50 }),
    resume: fc.constantFrom('ask' as const, 'restart' as const, 'checkpoint' as const),
    effect: fc.constantFrom('none' as const, 'partial' as const, 'complete' as const),
  });
  const inputArb = fc.record({
    files: fc.uniqueArray(fc.integer({ min: 1, max: 12 }).map(String), { maxLength: 12 }),
    records: fc.uniqueArray(recordArb, { selector: (r) => r.version, maxLength: 12 }),
    request: fc.record({
      direction: fc.constantFrom('up' as const, 'down' as const),
      steps: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
      to: fc.option(fc.integer({ min: 0, max: 13 }).map(String), { nil: undefined }),
      all: fc.boolean(),
      retry: fc.boolean(),
      outOfOrder: fc.constantFrom('warn' as const, 'refuse' as const, 'allow' as const),
    }),
  });
  type Input = typeof inputArb extends fc.Arbitrary<infer T> ? T : never;
  const build = ({ files, records, request }: Input): Plan =>
    planOf(
      files.sort(compareVersions).map((version) => aMigration(version)),
      records.map(({ version, ...more }) => aRecord(version, more)),
      request,
    );

  it('is deterministic, runs each version once, and only what has a file', () => {
    fc.assert(
      fc.property(inputArb, (input) => {
        const plan = build(input);
        expect(build(input).fingerprint).toBe(plan.fingerprint);
        expect(new Set(versions(plan)).size).toBe(plan.steps.length);
        for (const version of versions(plan)) expect(input.files).toContain(version);
        for (const problem of plan.problems) expect(problem.fix).not.toBe('');
      }),
    );
  });

  it('up is in version order, within its bounds, and never runs what is applied', () => {
    fc.assert(
      fc.property(inputArb, (input) => {
        const up = { ...input, request: { ...input.request, direction: 'up' as const } };
        const plan = build(up);
        const applied = input.records.filter((r) => r.state === 'applied').map((r) => r.version);
        expect(versions(plan)).toEqual([...versions(plan)].sort(compareVersions));
        for (const version of versions(plan)) {
          expect(applied).not.toContain(version);
          if (input.request.to !== undefined)
            expect(compareVersions(version, input.request.to)).toBeLessThanOrEqual(0);
        }
        if (input.request.steps !== undefined)
          expect(plan.steps.length).toBeLessThanOrEqual(input.request.steps);
      }),
    );
  });

  it('down follows the order of application backwards', () => {
    fc.assert(
      fc.property(inputArb, (input) => {
        const down = { ...input, request: { ...input.request, direction: 'down' as const } };
        const seqs = build(down).steps.map((step) => step.record?.appliedSeq ?? 0);
        expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
      }),
    );
  });
});
