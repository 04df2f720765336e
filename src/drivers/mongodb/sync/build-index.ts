import { GodwitError } from '../../../errors.ts';
import type { IndexDefinition } from '../../../ports/definition.ts';
import type { Applying } from './apply.ts';

/** How often a build is asked how far it is, in ms. */
const EVERY_MS = 500;

/** Builds an index, or joins the build of the same one, and tells how far it is. */
export async function buildIndex(
  applying: Applying,
  index: IndexDefinition & { readonly name: string },
): Promise<void> {
  const { store, operation, abort, lease } = applying;
  const { collection } = operation;
  const stopTelling = tellProgress(applying, index.name);
  const giveUp = (): void => {
    // The server goes on without its client; dropping an index ends its build.
    void store.db.command({ dropIndexes: collection, index: index.name }).catch(() => {});
  };
  abort.addEventListener('abort', giveUp, { once: true });
  try {
    await store.db.command({
      createIndexes: collection,
      indexes: [index],
      writeConcern: { w: 'majority' },
    });
  } catch (error) {
    if (lease.lost.aborted) throw lease.lost.reason;
    if (!abort.aborted) throw error;
    throw new GodwitError(
      'GODWIT_STOPPED',
      `The build of ${collection}.${index.name} was stopped.`,
      {
        state: 'The index is not there; what was finished before is.',
        next: ['go on: godwit sync'],
      },
    );
  } finally {
    abort.removeEventListener('abort', giveUp);
    stopTelling();
  }
}

interface CurrentOperation {
  readonly msg?: string;
  readonly progress?: { readonly done: number; readonly total: number };
}

/** Where the user may not see what the server does, nothing is told. */
function tellProgress(applying: Applying, name: string): () => void {
  const { operation, emit } = applying;
  let ended = false;
  const timer = setInterval(() => void ask(), EVERY_MS);
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      const progress = await askProgress(applying, name);
      if (progress && !ended) emit({ type: 'sync.progress', operation: operation.id, ...progress });
    } catch {
      clearInterval(timer);
    } finally {
      asking = false;
    }
  };
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

async function askProgress({ store, operation }: Applying, name: string) {
  const [found] = await store.client
    .db('admin')
    .aggregate<CurrentOperation>([
      { $currentOp: { allUsers: true, idleConnections: false } },
      {
        $match: {
          'command.createIndexes': operation.collection,
          'command.$db': store.db.databaseName,
          'command.indexes.name': name,
          progress: { $exists: true },
        },
      },
      { $limit: 1 },
      { $project: { msg: 1, progress: 1 } },
    ])
    .toArray();
  if (found?.progress === undefined) return undefined;
  const { done, total } = found.progress;
  const phase = /Index Build: ([^:]*?)(?= Index Build:|:|$)/.exec(found.msg ?? '')?.[1];
  return { phase: phase ?? 'building', done: Number(done), total: Number(total) };
}
