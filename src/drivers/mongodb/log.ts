import type { ClientSession, Document } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { NewHistoryEvent } from '../../ports/history.ts';
import { isDuplicateKey, isTransient } from './errors.ts';
import { type Lease, lockLost } from './lease.ts';
import { RECORD_VERSION } from './record.ts';
import { type HistoryDocument, MAJORITY, type Store } from './store.ts';

/**
 * The history is a log whose documents are numbered without gaps: `_id` 1, 2, 3 …
 * Whoever appends names the place it expects to write to, so two writers that both
 * believe to hold the lock collide on `_id`, and the second one learns that it lost it.
 *
 * That alone does not stop a stale writer that nobody has overtaken yet. So a successor
 * of an owner that did not release first writes takeover records (hidden from readers)
 * to the next places. Two of them: a `started` record is written with w:1, so at most
 * that one record of the stale writer can have been rolled back with its primary, and
 * the place it expects next is the first or the second after the end of the log. Both
 * are used up from then on, with majority, and its next write must fail. This needs no
 * transaction, and so holds on a standalone too.
 */
export const TAKEOVER_RECORDS = 2;

export interface AppendOptions {
  readonly session?: ClientSession | undefined;
  /** `started` may be acknowledged by the primary alone. */
  readonly fast?: boolean | undefined;
}

const FAST = { w: 1 } as const;
const RETRY_MS = 100;

export class Log {
  readonly #store: Store;
  readonly #lease: Lease;
  /** Place of the next record. */
  next: number;

  constructor(store: Store, lease: Lease, next: number) {
    this.#store = store;
    this.#lease = lease;
    this.next = next;
  }

  /**
   * Writes records to the next places and returns the first one's. With a session they
   * belong to its transaction, and `next` moves only when `advance` is called.
   */
  async append(events: readonly NewHistoryEvent[], options: AppendOptions = {}): Promise<number> {
    const first = this.next;
    if (options.session !== undefined) {
      await this.#write(first, events, options);
      return first;
    }
    await this.#untilWritten(() => this.#write(first, events, options));
    this.advance(events.length);
    return first;
  }

  advance(count: number): void {
    this.next += count;
  }

  /** Makes sure that a record survives: with majority, and again if a primary lost it. */
  async confirm(place: number, event: NewHistoryEvent): Promise<void> {
    await this.#untilWritten(() => this.#write(place, [event], {}));
  }

  /** Which record stands at a place, as all servers will agree on. */
  async at(place: number): Promise<HistoryDocument | null> {
    return this.#store.history.findOne({ _id: place }, { readConcern: { level: 'majority' } });
  }

  async #write(
    first: number,
    events: readonly NewHistoryEvent[],
    { session, fast }: AppendOptions,
  ): Promise<void> {
    this.#lease.check();
    const concern = session === undefined ? { writeConcern: fast ? FAST : MAJORITY } : { session };
    const updates = events.map((event, index) => upsert(first + index, event));
    try {
      const [only] = updates;
      if (updates.length === 1 && only) {
        await this.#store.history.updateOne(only.filter, only.update, { upsert: true, ...concern });
      } else {
        const operations = updates.map((update) => ({ updateOne: { ...update, upsert: true } }));
        await this.#store.history.bulkWrite(operations, { ordered: true, ...concern });
      }
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const lost = lockLost('Somebody else wrote to the history: the lock was lost.', error);
      this.#lease.lose(lost);
      throw lost;
    }
  }

  /** A write that is repeated does nothing new, so an unclear end is simply tried again. */
  async #untilWritten(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof GodwitError || !isTransient(error)) throw error;
        // The driver has looked for a primary for as long as it was told to.
        if ((error as Error).name === 'MongoServerSelectionError') throw error;
        if (this.#lease.lost.aborted || this.#lease.remainingMs <= RETRY_MS) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}

/**
 * Matches the very record if it is there already, which makes repeating safe; collides if
 * another one is. `at` is the server's clock, to the millisecond, at no further cost.
 */
function upsert(place: number, event: NewHistoryEvent): { filter: Document; update: Document[] } {
  const { run, event: kind } = event;
  const record = { _id: place, v: RECORD_VERSION, ...event };
  return {
    filter: { _id: place, run, event: kind },
    update: [
      { $replaceWith: { $mergeObjects: [{ $literal: record }, { at: '$$NOW' }, '$$ROOT'] } },
    ],
  };
}

/** See the top of this file. Returns the place after the takeover records. */
export async function useUpPlaces(store: Store, fence: number, last: number): Promise<number> {
  for (let end = last; ; end = await lastPlace(store)) {
    const records = Array.from({ length: TAKEOVER_RECORDS }, (_, index) => ({
      _id: end + 1 + index,
      v: RECORD_VERSION,
      event: 'takeover',
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
