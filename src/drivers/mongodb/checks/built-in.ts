import type { Collection, Document } from 'mongodb';
import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { thrownMessage } from '../../../errors.ts';
import type { BuiltInRequest } from '../../../ports/checks.ts';
import type { Finding } from '../../../ports/finding.ts';
import type { Store } from '../store.ts';
import { checkIndexes, type ListedIndex } from './indexes.ts';
import { checkPublicIds } from './public-ids.ts';

/** Documents are counted up to here. */
const MOST = 1_000;

/** Collection by collection: one that cannot be asked takes no other with it. */
export async function askBuiltIn(store: Store, request: BuiltInRequest): Promise<Finding[]> {
  const own = store.historyName.replace(/history$/, '');
  const listed = await store.db.listCollections({ type: 'collection' }).toArray();
  const collections = listed
    .filter(({ name }) => !name.startsWith('system.') && !(own !== '' && name.startsWith(own)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const findings: Finding[] = [];
  for (const { name, options } of collections as { name: string; options?: Document }[]) {
    try {
      findings.push(
        ...(await askCollection(store, store.db.collection(name), options ?? {}, request)),
      );
    } catch (error) {
      findings.push({
        code: CHECK_CODES.notAsked,
        severity: 'warning',
        where: { table: name },
        message: `${name} could not be asked: ${thrownMessage(error)}`,
        fix: 'look at what this user may read: godwit doctor',
      });
    }
  }
  return findings.filter(({ code }) => !request.off.has(code));
}

async function askCollection(
  store: Store,
  collection: Collection,
  options: Document,
  request: BuiltInRequest,
): Promise<Finding[]> {
  const { collectionName: name } = collection;
  const { cursor } = await collectionIndexes(store, collection);
  const indexes = cursor.firstBatch;
  const ids = request.publicIds.filter(({ table }) => table === name);
  return [
    ...checkIndexes(name, indexes),
    ...(
      await Promise.all(ids.map((column) => checkPublicIds(collection, column, indexes, MOST)))
    ).flat(),
    ...(request.documents ? await checkDocuments(collection, options) : []),
  ];
}

/** With those that are being built, which the driver's own method leaves out. */
async function collectionIndexes(
  { db }: Store,
  collection: Collection,
): Promise<{ cursor: { firstBatch: ListedIndex[] } }> {
  const answer = await db.command({
    listIndexes: collection.collectionName,
    includeBuildUUIDs: true,
    cursor: { batchSize: 1_000 },
  });
  return answer as { cursor: { firstBatch: ListedIndex[] } };
}

async function checkDocuments(collection: Collection, options: Document): Promise<Finding[]> {
  const { validator, validationLevel } = options;
  if (!validator || validationLevel === 'off') return [];
  const { collectionName: name } = collection;
  const count = await collection.countDocuments({ $nor: [validator] }, { limit: MOST });
  if (count === 0) return [];
  const many = count >= MOST ? `at least ${count}` : String(count);
  return [
    {
      code: CHECK_CODES.validator,
      severity: 'warning',
      where: { table: name },
      message: `${many} ${count === 1 ? 'document' : 'documents'} of ${name} ${count === 1 ? 'breaks' : 'break'} its validator.`,
      fix: `db.getCollection(${JSON.stringify(name)}).find({ $nor: [db.getCollectionInfos({ name: ${JSON.stringify(name)} })[0].options.validator] })`,
    },
  ];
}
