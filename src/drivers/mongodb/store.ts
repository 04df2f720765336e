import type { Collection, Db, Document, MongoClient } from 'mongodb';
import type { StoreNames } from '../../ports/driver.ts';

/** Where godwit keeps its own records, and with what guarantees they are written. */
export interface Store {
  readonly client: MongoClient;
  readonly db: Db;
  /** Name that only this process's connections have; undefined for a caller's client. */
  readonly app: string | undefined;
  readonly historyName: string;
  readonly lockName: string;
  readonly history: Collection<HistoryDocument>;
  readonly lock: Collection<LockDocument>;
}

export type HistoryDocument = Document & { _id: number };
export type LockDocument = Document & { _id: string };

/**
 * What counts is written to a majority and journalled. On a standalone `majority` means
 * that one server, and `j` is what keeps the record through a crash of it.
 */
export const MAJORITY = { w: 'majority', j: true } as const;

export function createStore(
  { client, db, app }: Pick<Store, 'client' | 'db' | 'app'>,
  names: StoreNames,
): Store {
  // Whatever the URL says of reads and writes is meant for the application's data.
  const options = {
    readPreference: 'primary',
    readConcern: { level: 'local' },
    writeConcern: MAJORITY,
    ignoreUndefined: true,
    promoteValues: true,
    promoteLongs: true,
    useBigInt64: false,
    raw: false,
  } as const;
  const historyName = `${names.prefix}history`;
  const lockName = `${names.prefix}lock`;
  return {
    client,
    db,
    app,
    historyName,
    lockName,
    history: db.collection<HistoryDocument>(historyName, options),
    lock: db.collection<LockDocument>(lockName, options),
  };
}
