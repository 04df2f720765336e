import { isDuplicateKey } from './errors.ts';
import { HIDDEN, RECORD_VERSION } from './record.ts';
import { MAJORITY, type Store } from './store.ts';

/**
 * How many records may be in doubt at once (see log.ts): each is a record that a change of
 * primary may take.
 */
export const MOST_IN_DOUBT = 32;

/**
 * Records that collide do not stop a stale writer that nobody has overtaken yet. So a
 * successor of an owner that did not release first writes takeover records (hidden from
 * readers) to the next places. The stale writer's records in doubt may have been rolled
 * back with its primary, so the place it expects next is one of as many after the end of
 * the log, and one more. All are used up from then on, with majority, and its next write
 * must fail. This needs no transaction, and so holds on a standalone too.
 */
const TAKEOVER_RECORDS = MOST_IN_DOUBT + 1;

/** Returns the place after the takeover records. */
export async function useUpPlaces(store: Store, fence: number, last: number): Promise<number> {
  for (let end = last; ; end = await lastPlace(store)) {
    const records = Array.from({ length: TAKEOVER_RECORDS }, (_, index) => ({
      _id: end + 1 + index,
      v: RECORD_VERSION,
      event: HIDDEN,
      fence,
      at: new Date(),
    }));
    try {
      await store.history.insertMany(records, { ordered: true, writeConcern: MAJORITY });
      return end + 1 + TAKEOVER_RECORDS;
    } catch (error) {
      // The stale writer was quicker; its record counts, and the places come after it.
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** Place of the last record; 0 when there is none. */
export async function lastPlace(store: Store): Promise<number> {
  const last = await store.history.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } });
  return last?._id ?? 0;
}
