import { describe, expect, it } from 'vitest';
import { applyReplacements } from '../../../src/core/replaces.ts';
import { joinStates } from '../../../src/core/state.ts';
import { readReplaces } from '../../../src/formats/replaces.ts';
import type { VersionRecord } from '../../../src/ports/history.ts';
import type { Migration } from '../../../src/ports/migration.ts';

const migration = (id: string, replaces?: string): Migration => ({
  kind: 'migration',
  version: String(Number.parseInt(id, 10)),
  id,
  name: id.slice(4),
  format: 'sql',
  file: `migrations/${id}.sql`,
  checksum: { raw: `raw ${id}`, normalized: () => `v1:sql:${id}` },
  reversible: false,
  replaces: readReplaces(replaces),
  load: () => Promise.reject(new Error('not here')),
});
const record = (id: string, state: VersionRecord['state'] = 'applied'): VersionRecord => ({
  kind: 'migration',
  version: String(Number.parseInt(id, 10)),
  id,
  name: id.slice(4),
  state,
  direction: 'up',
  run: 'r',
  fence: 1,
  checksum: `raw ${id}`,
  normalized: `v1:sql:${id}`,
  ...(state === 'applied' && { appliedSeq: Number.parseInt(id, 10), appliedAt: new Date(0) }),
});
const baseline = migration('003_base', '001_a, 002_b, 003_c');

function states(migrations: readonly Migration[], records: readonly VersionRecord[]) {
  const replaced = applyReplacements(migrations, records);
  return {
    shown: joinStates(migrations, replaced.records, undefined).map(
      ({ id, state }) => `${id} ${state}`,
    ),
    recorded: replaced.baselines.map(({ id }) => id),
    problems: replaced.problems.map(({ code }) => code),
  };
}

describe('readReplaces', () => {
  it('reads ids and versions, and what a baseline among them covered', () => {
    expect(readReplaces('003_base (001_a, 2), 004_d\n 20240101120000_e')).toEqual({
      versions: ['3', '4', '20240101120000'],
      covered: ['1', '2'],
    });
    expect(readReplaces(undefined)).toBeUndefined();
    expect(readReplaces(' ')).toBeUndefined();
  });
});

describe('applyReplacements', () => {
  it('counts a database that had all of it as having the baseline', () => {
    const records = [record('001_a'), record('002_b'), record('003_c')];
    expect(states([baseline, migration('004_d')], records)).toEqual({
      shown: ['003_base applied', '004_d pending'],
      recorded: ['003_base'],
      problems: [],
    });
  });

  it('shows nothing as missing once the baseline is recorded', () => {
    const records = [record('001_a'), record('002_b'), record('003_base')];
    expect(states([baseline], records)).toEqual({
      shown: ['003_base applied'],
      recorded: [],
      problems: [],
    });
  });

  it('leaves a new database to the baseline, also after everything was reverted', () => {
    expect(states([baseline], []).shown).toEqual(['003_base pending']);
    expect(states([baseline], [record('001_a', 'pending')]).shown).toEqual(['003_base pending']);
  });

  it('refuses a database that had a part', () => {
    expect(states([baseline], [record('001_a')]).problems).toEqual(['GODWIT_SQUASH_PARTIAL']);
    const failed = [record('001_a'), record('002_b'), record('003_c', 'failed')];
    expect(states([baseline], failed).problems).toEqual(['GODWIT_SQUASH_PARTIAL']);
  });

  it('works through baselines of baselines, for every database on the way', () => {
    const second = migration('005_again', '003_base (001_a, 002_b, 003_c), 004_d, 005_e');
    const newer = [record('004_d'), record('005_e')];
    for (const older of [
      [record('003_base')],
      [record('001_a'), record('002_b'), record('003_base')],
      [record('001_a'), record('002_b'), record('003_c')],
    ]) {
      expect(states([second], [...older, ...newer])).toEqual({
        shown: ['005_again applied'],
        recorded: ['005_again'],
        problems: [],
      });
    }
  });

  it('still misses what no baseline stands for', () => {
    const records = [record('001_a'), record('002_b'), record('003_c'), record('009_gone')];
    expect(states([baseline], records).shown).toEqual(['003_base applied', '009_gone missing']);
  });
});
