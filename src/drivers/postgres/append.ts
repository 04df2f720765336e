import type { MirrorSpec, NewHistoryEvent } from '../../ports/history.ts';
import { sqlError } from './errors.ts';
import { insertEvent } from './history-sql.ts';
import { mirrorStatements } from './mirror.ts';
import { sendOwn } from './send.ts';
import { rollback, type Workplace } from './workplace.ts';

/** Appends events in one transaction, mirrors in step. */
export async function appendEvents(
  place: Workplace,
  events: readonly NewHistoryEvent[],
  mirrors: readonly MirrorSpec[],
): Promise<void> {
  if (events.length === 0) return;
  const statements = events.flatMap((event) => [
    insertEvent(place.store, event),
    ...(event.event === 'ended'
      ? mirrorStatements(place.store, mirrors, {
          header: event,
          status: event.status,
          result: event.result,
          durationMs: event.durationMs,
        })
      : []),
  ]);
  try {
    const before = await place.lock.begin([]);
    await sendOwn(place, [...before, ...statements, ...place.lock.closing(), 'commit']);
  } catch (error) {
    await rollback(place);
    throw sqlError(error, undefined);
  }
}
