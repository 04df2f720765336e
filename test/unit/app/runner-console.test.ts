import { describe, expect, it } from 'vitest';
import { isApplied, RunnerConsole } from '../../../src/app/classes/console.ts';
import type { StatusEntry } from '../../../src/app/reports.ts';
import type { LockHolder } from '../../../src/ports/session.ts';

const RUN = { run: 'r', id: '002_b', index: 0, total: 1 } as const;

function entry(version: string, state: StatusEntry['state'], description?: string): StatusEntry {
  return {
    id: `00${version}_b`,
    version,
    name: 'b',
    description: description ?? null,
    author: null,
    kind: 'migration',
    state,
    appliedAt: null,
    durationMs: null,
    checksum: null,
    file: null,
  };
}

function printed(print: (lines: RunnerConsole) => void): string[] {
  const lines: string[] = [];
  print(new RunnerConsole((line) => lines.push(line)));
  return lines;
}

describe('RunnerConsole', () => {
  it('names a migration by version and description, else by what is known', () => {
    const lines = printed((out) => {
      out.know([entry('2', 'pending', 'Adds b')]);
      out.show({ type: 'run.started', direction: 'up', ...RUN });
      out.show({ type: 'run.started', direction: 'down', ...RUN });
      out.show({ type: 'run.started', direction: 'up', ...RUN, id: '003_c' });
    });
    expect(lines).toEqual([
      '\n🔄 Applying migration 2: Adds b',
      '\n🔄 Rolling back migration 2: Adds b',
      '\n🔄 Applying migration 003_c',
    ]);
  });

  it('tells of imports, waiting and warnings, and keeps the rest to itself', () => {
    const by = { host: 'blue', user: 'ci', pid: 1, godwit: '0' };
    const holder: LockHolder = { by, command: 'up', since: new Date(), fence: 1, alive: true };
    const lines = printed((out) => {
      out.show({ type: 'history.imported', mirror: 'migrationHistory', ids: ['005_e'] });
      out.show({ type: 'lock.waiting', holder, waitedMs: 2100, timeoutMs: 60_000 });
      out.show({ type: 'lock.waiting', holder: undefined, waitedMs: 0, timeoutMs: 60_000 });
      out.show({ type: 'warning', code: 'GODWIT_OUT_OF_ORDER', message: 'late' });
      out.show({ type: 'run.log', direction: 'up', ...RUN, message: 'hello' });
      out.show({ type: 'lock.released', fence: 1 });
    });
    expect(lines).toEqual([
      '📥 Found in migrationHistory, recorded as applied: 005_e',
      '🔒 Waiting for ci@blue (up) (2 s)',
      '🔒 Waiting for the lock (0 s)',
      '⚠️  late',
      'hello',
    ]);
  });

  it('counts what the database holds as applied', () => {
    const states = ['applied', 'pending', 'failed', 'modified', 'missing', 'interrupted'] as const;
    const entries = states.map((state, index) => entry(String(index + 1), state));
    expect(entries.filter(isApplied).map(({ state }) => state)).toEqual([
      'applied',
      'modified',
      'missing',
    ]);
    const lines = printed((out) => out.status(entries));
    expect(lines).toContain('✅ 1: b');
    expect(lines).toContain('❌ 3: b (failed)');
    expect(lines.at(-1)).toBe('Applied: 3/6');
  });

  it('sums up in the words of the direction', () => {
    const counts = { applied: 0, reverted: 0, failed: 0, remaining: 0 };
    const report = { runs: [], summary: counts, durationMs: 0, warnings: [] };
    const lines = printed((out) => {
      out.summary('up', report);
      out.summary('down', report);
    });
    expect(lines).toEqual(['\n✅ 0 migration(s) completed', '\n✅ 0 migration(s) rolled back']);
  });
});
