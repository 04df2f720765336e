import { describe, expect, it } from 'vitest';
import { findImports, withImports } from '../../../src/core/mirror.ts';
import type { MirrorSpec } from '../../../src/ports/history.ts';
import { aMigration, aRecord } from './build.ts';

const mirror: MirrorSpec = {
  name: 'migrationHistory',
  create: 'existing',
  shape: {
    key: { field: 'version', value: 'version-number' },
    appliedAt: 'appliedAt',
    status: 'status',
  },
};
const migrations = ['1', '2', '5'].map((version) => aMigration(version));

describe('findImports', () => {
  it('finds what a person put into the mirror, with or without a status', () => {
    const found = findImports(mirror, [{ key: '1', status: 'applied' }, { key: '5' }], migrations, [
      aRecord('1'),
    ]);
    expect(found.map((one) => one.id)).toEqual(['5_step']);
  });

  it('never counts a failed one', () => {
    expect(findImports(mirror, [{ key: '2', status: 'failed' }], migrations, [])).toEqual([]);
  });

  it('keeps a record whose file is not there', () => {
    const [found] = findImports(mirror, [{ key: '9' }], migrations, []);
    expect(found).toMatchObject({ version: '9', id: '9', migration: undefined });
  });

  it('settles a failed or interrupted one that a person recorded as applied', () => {
    const records = [aRecord('2', { state: 'open', resume: 'ask' })];
    const imports = findImports(mirror, [{ key: '2' }], migrations, records);
    expect(withImports(records, imports)).toMatchObject([{ version: '2', state: 'applied' }]);
  });
});

describe('withImports', () => {
  it('places them after what was applied before', () => {
    const [, imported] = withImports(
      [aRecord('1', { appliedSeq: 8 })],
      findImports(mirror, [{ key: '2' }], migrations, []),
    );
    expect(imported).toMatchObject({ version: '2', state: 'applied', appliedSeq: 9 });
  });
});
