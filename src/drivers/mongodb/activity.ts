import type { Db } from 'mongodb';
import type { TableActivity } from '../../ports/activity.ts';
import { toMongoError } from './errors.ts';

/** Counts and sizes as the server keeps them; no document is read. Views have none. */
export async function readActivity(db: Db): Promise<TableActivity[]> {
  try {
    const found = await db.listCollections({}, { nameOnly: true }).toArray();
    const own = found.filter(({ name, type }) => type !== 'view' && !name.startsWith('system.'));
    const read = await Promise.all(own.map(({ name }) => readOne(db, name)));
    return read.filter((one) => one !== undefined);
  } catch (error) {
    throw toMongoError(error, 'look at the sizes of the collections');
  }
}

/** @returns undefined for what may not be looked at, or is gone */
async function readOne(db: Db, name: string): Promise<TableActivity | undefined> {
  const [stats] = await db
    .collection(name)
    .aggregate([{ $collStats: { storageStats: {} } }])
    .toArray()
    .catch(() => []);
  const storage = stats?.['storageStats'];
  if (storage === undefined) return undefined;
  return { name, rows: Number(storage.count), bytes: Number(storage.size) };
}
