import type { SyncOperation } from '../../ports/definition.ts';

type Draft = Omit<SyncOperation, 'id' | 'status' | 'severity' | 'destructive' | 'steps'> &
  Partial<Pick<SyncOperation, 'status' | 'severity' | 'destructive' | 'steps'>>;

/** Fills in what most operations have in common. */
export function operation(draft: Draft): SyncOperation {
  const { action, collection, index, status = 'pending' } = draft;
  return {
    id: `${action} ${collection}${index === undefined ? '' : `.${index}`}`,
    ...draft,
    status,
    severity: draft.severity ?? (status === 'blocked' ? 'error' : 'info'),
    destructive: draft.destructive ?? false,
    steps: draft.steps ?? [],
  };
}

/** It cannot be done as it is. */
export function conflict(
  collection: string,
  index: string | undefined,
  reason: string,
  fix: string,
): SyncOperation {
  return operation({
    action: 'conflict',
    collection,
    index,
    status: 'blocked',
    reasons: [reason],
    fix,
  });
}
