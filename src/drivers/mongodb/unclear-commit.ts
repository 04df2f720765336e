import { type ErrorInfo, GodwitError, thrownMessage } from '../../errors.ts';
import type { EndedEvent } from '../../ports/history.ts';
import { killSession } from './leftovers.ts';
import type { Work } from './work.ts';

/**
 * Nobody said whether the commit happened, so the log is asked in a way that settles it:
 * a `failed` record is written to the place that the transaction's own record has. If
 * that stands, the transaction can no longer commit; if the transaction's does, ours is
 * a repetition that changes nothing.
 */
export async function findOut(work: Work, event: EndedEvent, cause: unknown): Promise<void> {
  const error: ErrorInfo = {
    code: 'GODWIT_CONNECTION_LOST',
    message: `The connection was lost while the transaction was committed: ${thrownMessage(cause)}`,
  };
  const place = work.log.next;
  let status: unknown;
  try {
    // If the commit never arrived, the transaction is open and holds that very place.
    await killSession(work.store, work.session);
    await work.log.confirm(place, { ...event, status: 'failed', effect: 'none', error });
    status = (await work.log.at(place))?.['status'];
  } catch (again) {
    throw new GodwitError(
      'GODWIT_COMMIT_UNKNOWN',
      `It is not known whether the transaction was committed: ${thrownMessage(cause)}`,
      {
        state:
          'Either all of it was done and recorded, or nothing was: the history tells, once the server answers.',
        next: ['godwit status'],
        cause: again,
      },
    );
  }
  if (status === event.status) return;
  work.log.advance(1);
  throw new RecordedFailure(error);
}

/** The failure stands in the log already. */
export class RecordedFailure extends Error {
  readonly info: ErrorInfo;
  constructor(info: ErrorInfo) {
    super(info.message);
    this.info = info;
  }
}
