import type { Db, Document } from 'mongodb';
import type { CollectionInfo } from './collection-info.ts';
import { bucketsOf } from './file-names.ts';

/** Of a collection's documents, in bytes, not compressed. */
export interface Size {
  readonly bytes: number;
  readonly documents: number;
}

/** The server's own figures: good for planning, not for checking. */
export async function sizeOf(db: Db, info: CollectionInfo): Promise<Size> {
  if (info.type === 'view') return { bytes: 0, documents: 0 };
  const name = info.type === 'timeseries' ? bucketsOf(info.name) : info.name;
  const stats = db.collection(name).aggregate<Document>([{ $collStats: { storageStats: {} } }]);
  let bytes = 0;
  let documents = 0;
  // One for each shard.
  for (const { storageStats } of await stats.toArray()) {
    bytes += Number(storageStats?.size ?? 0);
    documents += Number(storageStats?.count ?? 0);
  }
  return { bytes, documents };
}
