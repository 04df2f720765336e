import type { SyncOperation } from '../../ports/definition.ts';

/** Whether the database is other than what is defined. */
export function isDrift({ status }: Pick<SyncOperation, 'status'>): boolean {
  return status !== 'waiting';
}
