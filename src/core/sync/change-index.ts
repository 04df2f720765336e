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
  const reasons: string[] = [];
  const change: Record<string, unknown> = { name };
  if (
    wanted.expireAfterSeconds !== undefined &&
    Number(wanted.expireAfterSeconds) !== expiry(actual)
  ) {
    change['expireAfterSeconds'] = wanted.expireAfterSeconds;
    const before =
      actual.expireAfterSeconds === undefined
        ? 'never expires'
        : `expires after ${expiry(actual)} s`;
    reasons.push(`${before}, ${wanted.expireAfterSeconds} s is wanted`);
  }
  if (Boolean(wanted.hidden) !== Boolean(actual.hidden)) {
    change['hidden'] = Boolean(wanted.hidden);
    reasons.push(wanted.hidden ? 'should be hidden' : 'is hidden, and wanted');
  }
  if (reasons.length === 0) return [];
  const steps: SyncStep[] = [{ do: 'collMod', change: { index: change } }];
  const remembered = hidden.some((one) => one.collection === collection && one.index === name);
  if (remembered) steps.push({ do: 'forgetHidden', name });
  return [operation({ action: 'change-index', ...about, reasons, steps })];
}

function expiry({ expireAfterSeconds }: ActualIndex): number | undefined {
  return expireAfterSeconds === undefined ? undefined : Number(expireAfterSeconds);
}
