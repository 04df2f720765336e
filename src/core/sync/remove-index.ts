import type { ActualIndex, SyncOperation, SyncStep } from '../../ports/definition.ts';
import { operation } from './operation.ts';
import type { SyncPolicy } from './policy.ts';

/** Hides an index first where that is asked for, and drops it when its time has come. */
export function removeIndex(
  collection: string,
  index: ActualIndex,
  { hideForMs, hidden, drop, now }: SyncPolicy,
): SyncOperation[] {
  if (!drop) return [];
  const { name } = index;
  const about = { collection, index: name };
  const since = hidden.find((one) => one.collection === collection && one.index === name)?.since;
  const forget: SyncStep[] = since === undefined ? [] : [{ do: 'forgetHidden', name }];
  const dropped = (reason: string): SyncOperation[] => [
    operation({
      action: 'drop-index',
      ...about,
      severity: 'warning',
      destructive: true,
      reasons: [reason],
      steps: [{ do: 'dropIndex', name }, ...forget],
    }),
  ];
  if (hideForMs === 0 || index.building) return dropped('nothing defines it');
  if (since === undefined || !index.hidden) {
    const hide: SyncStep[] = index.hidden
      ? []
      : [{ do: 'collMod', change: { index: { name, hidden: true } } }];
    const reasons = ['nothing defines it: it is hidden before it is dropped'];
    const steps: SyncStep[] = [{ do: 'rememberHidden', name }, ...hide];
    return [operation({ action: 'hide-index', ...about, destructive: true, reasons, steps })];
  }
  const until = new Date(since.getTime() + hideForMs);
  if (until <= now)
    return dropped(`nothing defines it, and it has been hidden since ${since.toISOString()}`);
  const reasons = [`hidden since ${since.toISOString()}`];
  return [
    operation({
      action: 'drop-index',
      ...about,
      status: 'waiting',
      destructive: true,
      reasons,
      until: until.toISOString(),
    }),
  ];
}
