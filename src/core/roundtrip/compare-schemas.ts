import type { Snapshot } from '../../ports/snapshot.ts';
import { diffSnapshots, type SchemaChange } from '../schema-diff.ts';
import type { Difference } from './report.ts';

/** What a schema has too little, too much, or otherwise. Pure. */
export function compareSchemas(
  before: Snapshot,
  now: Snapshot,
  after: Difference['after'],
): Difference[] {
  return diffSnapshots(before, now).changes.map((change) => describe(change, after));
}

const CHANGES = { added: 'extra', removed: 'missing', changed: 'changed' } as const;

function describe(each: SchemaChange, after: Difference['after']): Difference {
  const change = CHANGES[each.change];
  const { kind, name } = each;
  return {
    after,
    severity: 'error',
    change,
    kind,
    name,
    message: sentence(`${kind} ${name}`, change, after),
    ...(each.before !== undefined && { before: each.before }),
    ...(each.after !== undefined && { now: each.after }),
  };
}

function sentence(what: string, change: Difference['change'], after: Difference['after']): string {
  const words = {
    down: {
      extra: 'was not there before up, and down left it',
      missing: 'was there before up, and down did not bring it back',
      changed: 'is not what it was before up',
    },
    again: {
      extra: 'is there after the second up, and was not after the first',
      missing: 'was there after the first up, and is not after the second',
      changed: 'is not what the first up made it',
    },
    twin: {
      extra: 'is there in a second database, and not in the first',
      missing: 'is not there in a second database',
      changed: 'is another in a second database',
    },
  };
  return `${what} ${words[after][change]}`;
}
