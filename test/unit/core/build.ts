import type { HistoryEvent, NewHistoryEvent, VersionRecord } from '../../../src/ports/history.ts';
import type { Migration } from '../../../src/ports/migration.ts';

/** A migration that only plans look at. */
export function aMigration(version: string, more: Partial<Migration> = {}): Migration {
  return {
    kind: 'migration',
    version,
    id: `${version}_step`,
    name: 'step',
    format: 'code',
    file: `migrations/${version}_step.js`,
    checksum: { raw: `raw-${version}`, normalized: () => `v1:${version}` },
    reversible: true,
    load: () => Promise.reject(new Error('plans import nothing')),
    ...more,
  };
}

export function aRecord(version: string, more: Partial<VersionRecord> = {}): VersionRecord {
  return {
    kind: 'migration',
    version,
    id: `${version}_step`,
    name: 'step',
    state: 'applied',
    direction: 'up',
    run: `run-${version}`,
    fence: 1,
    appliedAt: new Date(0),
    appliedSeq: Number(version),
    checksum: `raw-${version}`,
    normalized: `v1:${version}`,
    effect: 'complete',
    ...more,
  };
}

type Loose<T> = T extends unknown ? Partial<T> & Pick<T, keyof T & 'event'> : never;

let seq = 0;
export function anEvent(version: string, run: string, event: Loose<NewHistoryEvent>): HistoryEvent {
  seq += 1;
  const base = {
    kind: 'migration',
    version,
    id: `${version}_step`,
    name: 'step',
    direction: 'up',
    run,
    fence: 1,
    by: { host: 'h', user: 'u', pid: 1, godwit: '0' },
    at: new Date(seq),
    seq,
    ...(event.event === 'ended' && {
      effect: 'complete',
      via: 'run',
      durationMs: 1,
      status: 'applied',
    }),
    ...(event.event === 'started' && { resume: 'ask' }),
  };
  return { ...base, ...event } as HistoryEvent;
}
