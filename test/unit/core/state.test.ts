import { describe, expect, it } from 'vitest';
import { joinStates, MIGRATION_STATES } from '../../../src/core/state.ts';
import type { LockHolder } from '../../../src/ports/session.ts';
import { aMigration, aRecord } from './build.ts';

const holder = (fence: number, alive = true): LockHolder => ({
  by: { host: 'h', user: 'u', pid: 1, godwit: '0' },
  command: 'up',
  since: new Date(0),
  fence,
  alive,
});
const open = aRecord('1', { state: 'open', fence: 4 });
const stateOf = (...args: Parameters<typeof joinStates>): string | undefined =>
  joinStates(...args)[0]?.state;

describe('joinStates', () => {
  it('an open run is running under its own living lock only', () => {
    const files = [aMigration('1')];
    expect(stateOf(files, [open], holder(4))).toBe('running');
    expect(stateOf(files, [open], holder(4, false))).toBe('interrupted');
    expect(stateOf(files, [open], holder(5))).toBe('interrupted');
    expect(stateOf(files, [open], undefined)).toBe('interrupted');
  });

  it('a record without a file is missing if applied, and forgotten if reverted', () => {
    expect(stateOf([], [aRecord('1')], undefined)).toBe('missing');
    expect(joinStates([], [aRecord('1', { state: 'pending' })], undefined)).toEqual([]);
  });

  it('asks the tokenizer only when the bytes differ', () => {
    const asked: string[] = [];
    const checksum = (raw: string): NonNullable<ReturnType<typeof aMigration>['checksum']> => ({
      raw,
      normalized: () => {
        asked.push(raw);
        return 'v1:1';
      },
    });
    expect(
      stateOf([aMigration('1', { checksum: checksum('raw-1') })], [aRecord('1')], undefined),
    ).toBe('applied');
    expect(asked).toEqual([]);
    expect(
      stateOf([aMigration('1', { checksum: checksum('new') })], [aRecord('1')], undefined),
    ).toBe('applied');
    expect(asked).toEqual(['new']);
  });

  it('does not compare a TypeScript file with its compiled JavaScript', () => {
    const compiled = { raw: 'other', normalized: () => 'v1:js:2' };
    const record = aRecord('1', { normalized: 'v1:ts:1' });
    expect(stateOf([aMigration('1', { checksum: compiled })], [record], undefined)).toBe('applied');
    const edited = { raw: 'other', normalized: () => 'v1:ts:2' };
    expect(stateOf([aMigration('1', { checksum: edited })], [record], undefined)).toBe('modified');
  });

  it('gives each version one state, in version order, kinds apart', () => {
    const joined = joinStates(
      [aMigration('10'), aMigration('9')],
      [aRecord('9', { kind: 'seed' })],
      undefined,
    );
    expect(joined.map((s) => `${s.version} ${s.state}`)).toEqual(['9 pending', '10 pending']);
    const seeds = joinStates([], [aRecord('9', { kind: 'seed' })], undefined, 'seed');
    expect(seeds.map((s) => `${s.version} ${s.state}`)).toEqual(['9 missing']);
    for (const status of joined) expect(MIGRATION_STATES).toContain(status.state);
  });
});
