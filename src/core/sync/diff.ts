import { hash } from 'node:crypto';
import type { ActualCollection, SyncAction, SyncOperation } from '../../ports/definition.ts';
import { canonical } from './canonical.ts';
import { createCollection, diffCollection } from './diff-collection.ts';
import { diffIndexes } from './diff-indexes.ts';
import type { SyncPolicy } from './policy.ts';
import type { WantedCollection } from './wanted.ts';

/** New first, removals last. */
const ORDER: readonly SyncAction[] = [
  ...(['create-collection', 'change-options', 'create-index', 'change-index'] as const),
  ...(['rebuild-index', 'create-view', 'change-view', 'set-validator'] as const),
  ...(['conflict', 'hide-index', 'drop-index'] as const),
];

/**
 * All that makes the database what is defined, in a safe order. Collections that nothing
 * defines are left alone.
 *
 * @example
 * diff(mergeDefinitions(found), await reader.read(), policy).map(({ id }) => id);
 * // ['create-collection users', 'create-index users.email_1']
 */
export function diff(
  wanted: readonly WantedCollection[],
  actual: readonly ActualCollection[],
  policy: SyncPolicy,
): SyncOperation[] {
  const present = new Map(actual.map((one) => [one.name, one]));
  const operations = inViewOrder(wanted).flatMap((collection) => {
    const found = present.get(collection.name);
    const own = found ? diffCollection(collection, found, policy) : [createCollection(collection)];
    const isView = collection.view !== undefined || found?.type === 'view';
    return isView ? own : [...own, ...diffIndexes(collection, found, policy)];
  });
  const rank = (one: SyncOperation): number => ORDER.indexOf(one.action);
  // Unique ones last among the new: they are those that may fail.
  const risk = (one: SyncOperation): number => (isUnique(one) ? 1 : 0);
  return operations.sort((a, b) => rank(a) - rank(b) || risk(a) - risk(b));
}

/** Whether it makes an index unique, which the data may not allow. */
export function isUnique(one: SyncOperation): boolean {
  return one.steps.some(
    (step) =>
      (step.do === 'createIndex' && step.index.unique === true) ||
      (step.do === 'collMod' &&
        (step.change['index'] as { unique?: boolean } | undefined)?.unique === true),
  );
}

/** A view after those that it looks at. */
function inViewOrder(wanted: readonly WantedCollection[]): WantedCollection[] {
  const byName = new Map(wanted.map((one) => [one.name, one]));
  const ordered = new Set<WantedCollection>();
  const visit = (one: WantedCollection, above: ReadonlySet<string>): void => {
    const on = one.view && byName.get(one.view.viewOn);
    if (on && !above.has(on.name)) visit(on, new Set([...above, one.name]));
    ordered.add(one);
  };
  for (const one of wanted) visit(one, new Set());
  return [...ordered];
}

/** Changes when anything that would be done changes. */
export function fingerprintOf(operations: readonly SyncOperation[]): string {
  const done = operations.map(({ id, status, steps }) => [id, status, steps]);
  return hash('sha256', canonical(done), 'hex').slice(0, 12);
}
