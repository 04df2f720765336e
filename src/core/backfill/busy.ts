import { GodwitError } from '../../errors.ts';
import type { LedgerState, WorkerInfo } from '../../ports/backfill-ledger.ts';

/**
 * What is asked of a backfill would be at odds with what others do to it now.
 *
 * @param workers those that are alive
 */
export function busy(
  name: string,
  state: LedgerState,
  workers: readonly Pick<WorkerInfo, 'by'>[],
): GodwitError {
  const who = [...new Set(workers.map(({ by }) => `${by.user}@${by.host} (pid ${by.pid})`))];
  if (state === 'undoing') {
    const by = who.length > 0 ? `by ${who.join(', ')}` : 'and that has not ended';
    return new GodwitError('GODWIT_BACKFILL_BUSY', `The backfill ${name} is being undone ${by}.`, {
      state: 'Some of its rows are as they were before it, the others as it left them.',
      next: [`finish that: godwit backfill undo ${name}`],
    });
  }
  const at = who.length > 0 ? ` by ${who.join(', ')}` : '';
  return new GodwitError('GODWIT_BACKFILL_BUSY', `The backfill ${name} is worked on${at}.`, {
    state: 'Nothing was undone.',
    next: [
      `end it, its chunks under way are finished: godwit backfill cancel ${name}`,
      `then: godwit backfill undo ${name}`,
    ],
  });
}
