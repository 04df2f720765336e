import type {
  ActualIndex,
  IndexDefinition,
  Plain,
  SyncOperation,
  SyncStep,
} from '../../ports/definition.ts';
import { indexCommand } from './index-shape.ts';
import { operation } from './operation.ts';
import type { SyncPolicy } from './policy.ts';
import type { WantedCollection } from './wanted.ts';

/** An index that matches may still expire at another time, be hidden, or not be there yet. */
export function changeIndex(
  { name: collection, from }: WantedCollection,
  wanted: IndexDefinition,
  actual: ActualIndex,
  { hidden }: SyncPolicy,
  inherited: Plain | undefined,
): SyncOperation[] {
  const { name } = actual;
  const about = { collection, index: name, from: from.join(', ') };
  if (actual.building) {
    // The same command joins the build that goes on, and waits for its end.
    const index = { ...indexCommand(wanted, inherited), name };
    const reasons = ['is still being built'];
    return [
      operation({
        action: 'create-index',
        ...about,
        reasons,
        steps: [{ do: 'createIndex', index }],
      }),
    ];
  }
  const { reasons, steps } = inPlace(wanted, actual);
  if (steps.length === 0) return [];
  const remembered = hidden.some((one) => one.collection === collection && one.index === name);
  const forget: SyncStep[] = remembered ? [{ do: 'forgetHidden', name }] : [];
  const all = [...steps, ...forget];
  return [operation({ action: 'change-index', ...about, reasons, steps: all })];
}

/** What an index can take on without being built again, but for uniqueness. */
export function inPlace(
  wanted: IndexDefinition,
  actual: ActualIndex,
): { readonly reasons: string[]; readonly steps: SyncStep[] } {
  const reasons: string[] = [];
  const change: Record<string, unknown> = { name: actual.name };
  const seconds = wanted.expireAfterSeconds;
  if (seconds !== undefined && Number(seconds) !== expiry(actual)) {
    change['expireAfterSeconds'] = seconds;
    const before =
      actual.expireAfterSeconds === undefined
        ? 'never expires'
        : `expires after ${expiry(actual)} s`;
    reasons.push(`${before}, ${seconds} s is wanted`);
  }
  if (Boolean(wanted.hidden) !== Boolean(actual.hidden)) {
    change['hidden'] = Boolean(wanted.hidden);
    reasons.push(wanted.hidden ? 'should be hidden' : 'is hidden, and wanted');
  }
  const steps: SyncStep[] =
    reasons.length > 0 ? [{ do: 'collMod', change: { index: change } }] : [];
  return { reasons, steps };
}

function expiry({ expireAfterSeconds }: ActualIndex): number | undefined {
  return expireAfterSeconds === undefined ? undefined : Number(expireAfterSeconds);
}
