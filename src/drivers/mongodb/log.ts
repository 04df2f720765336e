import type { ClientSession } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { NewHistoryEvent } from '../../ports/history.ts';
import { isDuplicateKey, isTransient } from './errors.ts';
import { type Lease, lockLost } from './lease.ts';
import { toDocument, waitForMajority, writeRecords } from './log-records.ts';
import { untilAborted } from './perform.ts';
import { MOST_IN_DOUBT } from './places.ts';
import type { HistoryDocument, Store } from './store.ts';
import type { Topology } from './topology.ts';

/**
 * The history is a log whose documents are numbered without gaps: `_id` 1, 2, 3 …
 * Whoever appends names the place it expects to write to, so two writers that both
 * believe to hold the lock collide on `_id`, and the second one learns that it lost it.
 * What keeps a stale writer out that nobody has overtaken yet stands in places.ts.
 *
 * Some records are acknowledged by the primary alone and are *in doubt* until a majority
 * has them. While there is one primary, all that is written later follows them in its
 * oplog, so they cannot be lost alone: what a change of primary takes is a suffix of the
 * log with all that came after it. Therefore
 * - a majority write of ours that comes later settles them, and one that changes nothing
 *   does (`settle`);
 * - after a change of primary they are written again, with majority, before anything else
 *   is (`survive`). That is true of them, because of a run that may have done something
 *   only `started` is ever in doubt;
 * - only so many may be (see places.ts), and not for long: they are settled in the
 *   background while more are written.
 */
export interface AppendOptions {
  readonly session?: ClientSession | undefined;
  /** May be in doubt for a while. */
  readonly fast?: boolean | undefined;
}

const RETRY_MS = 100;
const SETTLE_AT = MOST_IN_DOUBT / 2;
const SETTLE_AFTER_MS = 250;

export class Log {
  readonly #store: Store;
  readonly #lease: Lease;
  readonly #topology: Topology;
  readonly #now: () => Date;
  /** Place of the next record. */
  next: number;
  /** Oldest first; all were written while the topology's generation was `#generation`. */
  #doubtful: HistoryDocument[] = [];
  #generation = 0;
  #restoring: Promise<void> | undefined;
  #settling: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { store, lease, topology }: { store: Store; lease: Lease; topology: Topology },
    next: number,
    now: () => Date,
  ) {
    this.#store = store;
    this.#lease = lease;
    this.#topology = topology;
    this.next = next;
    this.#now = now;
  }

  /** Records that only the primary is known to have, oldest first. */
  get doubtful(): readonly HistoryDocument[] {
    return this.#doubtful;
  }

  /**
   * Writes records to the next places. With a session they belong to its transaction, and
   * `next` moves only when `advance` is called.
   */
  async append(events: readonly NewHistoryEvent[], options: AppendOptions = {}): Promise<void> {
    const at = this.#now();
    const records = events.map((event, index) => toDocument(this.next + index, event, at));
    if (options.session !== undefined) return this.#write(records, options);
    if (options.fast) await this.#appendFast(records);
    else await this.above(() => this.#untilWritten(() => this.#write(records, {})));
    this.advance(events.length);
  }

  advance(count: number): void {
    this.next += count;
  }

  /** Does a majority write that comes after all records, and so settles them. */
  async above<T>(write: () => Promise<T>): Promise<T> {
    await this.survive();
    const generation = this.#topology.generation;
    const newest = this.#doubtful.at(-1);
    const result = await write();
    // The primary may have changed between the look and the write.
    if (this.#topology.generation === generation) this.#settled(newest);
    await this.survive();
    return result;
  }

  /** After a change of primary; undefined, at no cost, while it is the same. */
  survive(): Promise<void> | undefined {
    if (this.#restoring) return this.#restoring;
    if (this.#doubtful.length === 0 || this.#generation === this.#topology.generation) return;
    this.#restoring = this.#restore().finally(() => {
      this.#restoring = undefined;
    });
    return this.#restoring;
  }

  /** Until nothing is in doubt. Rejects when that cannot be reached any more. */
  async settle(): Promise<void> {
    const { lost } = this.#lease;
    while (this.#doubtful.length > 0) {
      this.#lease.check();
      await untilAborted(this.#settleOnce(), [lost]);
    }
  }

  /** Before work of the run whose `started` stands at a place: no earlier one is in doubt. */
  beforeWork(place: number): Promise<void> | undefined {
    const [oldest] = this.#doubtful;
    return oldest !== undefined && oldest._id < place ? this.settle() : this.survive();
  }

  /** Makes sure that a record stands, with majority, or learns that another one does. */
  async confirm(place: number, event: NewHistoryEvent): Promise<void> {
    const record = toDocument(place, event, this.#now());
    await this.#untilWritten(() => this.#write([record], {}));
  }

  /** Which record stands at a place, as all servers will agree on. */
  async at(place: number): Promise<HistoryDocument | null> {
    return this.#store.history.findOne({ _id: place }, { readConcern: { level: 'majority' } });
  }

  async #appendFast(records: readonly HistoryDocument[]): Promise<void> {
    if (this.#doubtful.length + records.length > MOST_IN_DOUBT) await this.settle();
    await this.survive();
    const { generation } = this.#topology;
    await this.#untilWritten(() => this.#write(records, { fast: true }));
    if (this.#topology.generation !== generation) {
      // Another primary may have got it than the one that has those before.
      await this.survive();
      return this.#untilWritten(() => this.#write(records, {}));
    }
    if (this.#doubtful.length === 0) this.#generation = generation;
    this.#doubtful.push(...records);
    if (this.#doubtful.length >= SETTLE_AT) this.#settleLater();
    else this.#timer ??= setTimeout(() => this.#settleLater(), SETTLE_AFTER_MS).unref();
  }

  /** What fails here fails again where somebody waits for it. */
  #settleLater(): void {
    if (this.#doubtful.length > 0) this.#settleOnce().catch(() => {});
  }

  #settleOnce(): Promise<void> {
    this.#settling ??= this.#untilWritten(() => this.above(() => this.#prove())).finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  async #prove(): Promise<void> {
    this.#lease.check();
    const newest = this.#doubtful.at(-1);
    if (newest === undefined || (await waitForMajority(this.#store, newest))) return;
    // It is gone, or somebody else's stands there: writing it again tells.
    this.#generation = -1;
    await this.survive();
  }

  async #restore(): Promise<void> {
    while (this.#doubtful.length > 0 && this.#generation !== this.#topology.generation) {
      const generation = this.#topology.generation;
      const records = [...this.#doubtful];
      for (const record of records) await this.#untilWritten(() => this.#write([record], {}));
      this.#generation = generation;
      if (generation === this.#topology.generation) this.#settled(records.at(-1));
    }
  }

  #settled(newest: HistoryDocument | undefined): void {
    if (newest === undefined) return;
    this.#doubtful = this.#doubtful.filter(({ _id }) => _id > newest._id);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #write(records: readonly HistoryDocument[], options: AppendOptions): Promise<void> {
    this.#lease.check();
    try {
      await writeRecords(this.#store, records, options);
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
