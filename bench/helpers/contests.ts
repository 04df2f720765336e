import type { Contest } from './measure.ts';
import type { Source } from './rows.ts';

/** Finding and saving each takes too long for all of them. */
const SAVED = 3000;

export function fieldContests(_source: Source, count: number): Contest[] {
  const changed: Record<string, number> = {
    addField: count,
    removeField: count,
    renameField: count,
    copyField: count,
    sanitizeStringFields: Math.ceil(count / 3),
  };
  return Object.entries(changed).map(([name, done]) => ({
    base: { name: `updateMany as ${name}`, script: `driver:${name}`, done },
    ours: { name, script: `helper:${name}`, done },
  }));
}

export function transformContests(_source: Source, count: number): Contest[] {
  const saved = Math.min(count, SAVED);
  return [
    {
      base: {
        name: `find, then save each (${saved}, scaled)`,
        script: 'save:each',
        folder: String(saved),
        done: saved,
        share: count / saved,
      },
      ours: { name: 'transformData', script: 'helper:transformData', done: count },
    },
  ];
}

export function duplicateContests(_source: Source, count: number): Contest[] {
  const done = Math.floor(count / 10);
  return [
    {
      base: { name: 'one aggregation over the key', script: 'driver:aggregate', done },
      ours: { name: 'removeDuplicates', script: 'helper:removeDuplicates', done },
    },
  ];
}

export function copyContests(_source: Source, count: number): Contest[] {
  return [
    {
      base: { name: '$out', script: 'driver:out', done: count },
      ours: { name: 'migrateCollection', script: 'helper:migrateCollection', done: count },
    },
  ];
}
