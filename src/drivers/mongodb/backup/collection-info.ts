import type { Db, Document } from 'mongodb';
import { serverCode } from '../errors.ts';

/** What a database says of one of its collections, without its documents. */
export interface CollectionInfo {
  readonly name: string;
  readonly type: 'collection' | 'view' | 'timeseries';
  /** As `create` takes them. */
  readonly options: Document;
  /** Without dashes, as mongodump writes it; absent for views. */
  readonly uuid?: string | undefined;
  /** As `createIndexes` takes them, `_id` included; none for a view. */
  readonly indexes: readonly Document[];
}

const NAMESPACE_NOT_FOUND = 26;

/** Exact numbers and kinds: what is written down must come back as it was. */
const EXACT = { promoteValues: false, promoteLongs: false, bsonRegExp: true } as const;

/** @returns collections, views and time series by name; those of the server are left out */
export async function listCollections(db: Db, only?: readonly string[]): Promise<CollectionInfo[]> {
  const filter = only === undefined ? {} : { name: { $in: [...only] } };
  const found = await db.listCollections(filter, { ...EXACT }).toArray();
  const infos: CollectionInfo[] = [];
  for (const one of found as Document[]) {
    const name = String(one['name']);
    if (isServerOwned(name)) continue;
    infos.push(await describe(db, one, name));
  }
  return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `system.js` holds the users' functions; `system.views` and the rest is made by the server. */
function isServerOwned(name: string): boolean {
  return name.startsWith('system.') && name !== 'system.js';
}

async function describe(db: Db, found: Document, name: string): Promise<CollectionInfo> {
  const type = String(found['type'] ?? 'collection') as CollectionInfo['type'];
  const id = (found['info'] as Document | undefined)?.['uuid'] as
    | { buffer?: Uint8Array }
    | undefined;
  return {
    name,
    type,
    options: (found['options'] as Document | undefined) ?? {},
    uuid: id?.buffer === undefined ? undefined : Buffer.from(id.buffer).toString('hex'),
    indexes: type === 'view' ? [] : await listIndexes(db, name),
  };
}

async function listIndexes(db: Db, name: string): Promise<Document[]> {
  try {
    const found = (await db
      .collection(name)
      .listIndexes({ ...EXACT })
      .toArray()) as Document[];
    // Old servers name the collection in each, which is no option of an index.
    return found.map(({ ns: _, ...index }) => index);
  } catch (error) {
    if (serverCode(error) === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

/**
 * Those to be built: `_id` and the index that a clustered collection is come by themselves.
 * One without a collation says so, or it would get the collection's.
 */
export function secondaryIndexes({
  indexes,
  options,
}: Pick<CollectionInfo, 'indexes' | 'options'>): Document[] {
  const simple = 'collation' in options ? { collation: { locale: 'simple' } } : {};
  return indexes
    .filter((index) => index['name'] !== '_id_' && !('clustered' in index))
    .map((index) => ({ ...simple, ...index }));
}
