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
      next:
        who.length > 0
          ? [`wait for it: godwit backfill status ${name}`]
          : [`finish that: godwit backfill undo ${name}`],
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

/** A process that was stopped for long finds that others went on with what it undid. */
export function overtaken(name: string): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_BUSY',
    `Others took the undoing of ${name} over while this process stood still.`,
    { state: 'Nothing was undone since.', next: [`godwit backfill status ${name}`] },
  );
}

/** What rows were before was not kept when they were changed. */
export function nothingKept(name: string): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_INVALID',
    `${name} cannot be undone: it was run without \`backup: 'touched'\`, and kept nothing.`,
    { state: 'Nothing was changed.', next: [`godwit backfill status ${name}`] },
  );
}
