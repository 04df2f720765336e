import type { Dropped } from '../../ports/session.ts';
import { SERVER_CODE, serverCode, toMongoError } from './errors.ts';
import type { Lease } from './lease.ts';
import type { Store } from './store.ts';

/** Every collection and view of the database but the server's own. Reads only. */
export async function listEverything(store: Store): Promise<Dropped[]> {
  try {
    const found = await store.db.listCollections({}, { nameOnly: false }).toArray();
    const own = found.filter(({ name }) => !name.startsWith('system.'));
    const dropped = await Promise.all(
      own.map(async ({ name, type }): Promise<Dropped> => {
        if (type === 'view') return { kind: 'view', name };
        const count = await store.db
          .collection(name)
          .estimatedDocumentCount()
          .catch(() => undefined);
        return { kind: 'collection', name, ...(count !== undefined && { count }) };
      }),
    );
    return dropped.sort((a, b) => rank(store, a) - rank(store, b) || (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw toMongoError(error, 'list the collections');
  }
}

/**
 * Views first; then data; godwit's own, of it the history last, which says that this began;
 * the lock, under which all this happens, at the end.
 */
function rank({ historyName, lockName }: Store, { kind, name }: Dropped): number {
  if (name === lockName) return 4;
  if (name === historyName) return 3;
  if (name.startsWith(historyName.slice(0, -'history'.length))) return 2;
  return kind === 'view' ? 0 : 1;
}

/**
 * One collection after the other: a server has no transaction for this. What is interrupted
 * goes on when it is asked for again, for the records of godwit go last.
 */
export async function dropEverything(store: Store, lease: Lease): Promise<Dropped[]> {
  const all = await listEverything(store);
  for (const { name } of all) {
    lease.check();
    // Nobody may renew a lock that is not there any more.
    if (name === store.lockName) lease.end();
    try {
      await store.db.dropCollection(name);
    } catch (error) {
      if (serverCode(error) !== SERVER_CODE.namespaceNotFound)
        throw toMongoError(error, `drop ${name}`);
    }
  }
  return all;
}
