import type { Document } from 'mongodb';
import type {
  ActualCollection,
  ActualIndex,
  HiddenIndex,
  Plain,
  ViewDefinition,
} from '../../../ports/definition.ts';
import { SERVER_CODE, serverCode } from '../errors.ts';
import type { Store } from '../store.ts';

/** How many collections are asked for their indexes at once. */
const AT_ONCE = 8;

/** Where it is remembered since when indexes are hidden. */
export function hiddenName(prefix: string): string {
  return `${prefix}hidden_indexes`;
}

/** Everything but the server's own collections and godwit's. */
export async function readCollections(store: Store, prefix: string): Promise<ActualCollection[]> {
  const infos = await store.db.listCollections({}, { nameOnly: false }).toArray();
  const own = infos.filter(
    ({ name }) => !name.startsWith('system.') && (prefix === '' || !name.startsWith(prefix)),
  );
  const collections: ActualCollection[] = [];
  for (let at = 0; at < own.length; at += AT_ONCE) {
    const some = own.slice(at, at + AT_ONCE).map((info) => describe(store, info));
    collections.push(...(await Promise.all(some)));
  }
  return collections;
}

async function describe(store: Store, info: Document): Promise<ActualCollection> {
  const {
    name,
    type,
    options: all = {},
  } = info as { name: string; type: string; options: Document };
  const { validator, validationLevel, validationAction, viewOn, pipeline, ...options } = all;
  if (type === 'view') {
    const { collation } = options as { collation?: Plain };
    const view: ViewDefinition = {
      viewOn,
      pipeline: pipeline ?? [],
      ...(collation && { collation }),
    };
    return { name, type, options: {}, view, indexes: [] };
  }
  return {
    name,
    type: type === 'timeseries' ? 'timeseries' : 'collection',
    options,
    ...(validator && { validator }),
    ...(validationLevel && { validationLevel }),
    ...(validationAction && { validationAction }),
    indexes: await readIndexes(store, name),
  };
}

/** With those whose building goes on, and which of them these are. */
async function readIndexes({ db }: Store, name: string): Promise<ActualIndex[]> {
  try {
    const cursor = db.runCursorCommand({ listIndexes: name, includeBuildUUIDs: true, cursor: {} });
    const found = await cursor.toArray();
    return found.map(toIndex);
  } catch (error) {
    // Dropped since it was listed.
    if (serverCode(error) === SERVER_CODE.namespaceNotFound) return [];
    const { indexes } = await withoutBuilds(db, name);
    return indexes;
  }
}

/** Servers, and proxies of them, that do not know the question. */
async function withoutBuilds(db: Store['db'], name: string): Promise<{ indexes: ActualIndex[] }> {
  const found = await db.collection(name).listIndexes().toArray();
  return { indexes: found.map(toIndex) };
}

function toIndex(found: Document): ActualIndex {
  const building = found['buildUUID'] !== undefined;
  const {
    v: _version,
    ns: _namespace,
    background: _background,
    ...rest
  } = building ? (found['spec'] as Document) : found;
  return { ...rest, ...(building && { building: true }) } as unknown as ActualIndex;
}

export async function readHidden(store: Store, prefix: string): Promise<HiddenIndex[]> {
  const found = await store.db.collection(hiddenName(prefix)).find().toArray();
  return found.map(({ collection, index, since }) => ({ collection, index, since }));
}
