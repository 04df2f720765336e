import type { ClientSession, Document } from 'mongodb';
import type { NewHistoryEvent } from '../../ports/history.ts';
import { isDuplicateKey } from './errors.ts';
import { RECORD_VERSION } from './record.ts';
import { type HistoryDocument, MAJORITY, type Store } from './store.ts';

/** Acknowledged by the primary alone. */
const FAST = { w: 1 } as const;

export interface WriteRecords {
  readonly session?: ClientSession | undefined;
  readonly fast?: boolean | undefined;
}

export function toDocument(place: number, event: NewHistoryEvent, at: Date): HistoryDocument {
  return { _id: place, v: RECORD_VERSION, ...event, at };
}

/**
 * Writes records to the places they name, and does nothing where the very record stands
 * already, which makes repeating safe. Fails with a duplicate key where another one does.
 */
export async function writeRecords(
  store: Store,
  records: readonly HistoryDocument[],
  { session, fast }: WriteRecords,
): Promise<void> {
  const [only] = records;
  const concern = session === undefined ? { writeConcern: fast ? FAST : MAJORITY } : { session };
  // An insert costs the server half of what an upsert does, but aborts a transaction.
  if (session === undefined && (await insert(store, records, fast))) return;
  if (records.length === 1 && only) {
    const { filter, update } = upsert(only);
    await store.history.updateOne(filter, update, { upsert: true, ...concern });
    return;
  }
  const operations = records.map((one) => ({ updateOne: { ...upsert(one), upsert: true } }));
  await store.history.bulkWrite(operations, { ordered: true, ...concern });
}

async function insert(
  store: Store,
  records: readonly HistoryDocument[],
  fast: boolean | undefined,
): Promise<boolean> {
  try {
    const writeConcern = fast ? FAST : MAJORITY;
    const [only] = records;
    if (only && records.length === 1) await store.history.insertOne(only, { writeConcern });
    else await store.history.insertMany([...records], { ordered: true, writeConcern });
    return true;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return false;
  }
}

function upsert(record: HistoryDocument): { filter: Document; update: Document[] } {
  const { _id, run, event } = record;
  return {
    filter: { _id, run, event },
    update: [{ $replaceWith: { $mergeObjects: [{ $literal: record }, '$$ROOT'] } }],
  };
}

/**
 * The cheapest write that a majority must acknowledge: it matches the record and changes
 * nothing, and the server then waits for all that its oplog held before. False when the
 * record does not stand there.
 */
export async function waitForMajority(
  store: Store,
  { _id, v, run, event }: HistoryDocument,
): Promise<boolean> {
  const filter = { _id, run, event };
  const { matchedCount } = await store.history.updateOne(
    filter,
    { $set: { v } },
    { writeConcern: MAJORITY },
  );
  return matchedCount === 1;
}
