import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession, Document } from 'mongodb';
import type { Emit } from '../../events.ts';
import type { Owner } from './lock.ts';
import type { Store } from './store.ts';

const PATIENCE_MS = 5000;
const PAUSE_MS = 50;

/**
 * Ends what the server still does for an owner that did not release. A process can be
 * killed while its `updateMany` or its transaction goes on: a transaction would keep its
 * locks, and the place in the log that it wrote to, for a minute; an update would change
 * documents after a successor has begun. One's own user's sessions and operations may be
 * ended without further rights; where that is not enough, it is said. A transaction of the
 * migration's own is idle between two statements, and is found as such.
 */
export async function endLeftovers(store: Store, owner: Owner, emit: Emit): Promise<void> {
  if (owner.session !== undefined) await admin(store, { killSessions: [{ id: owner.session }] });
  if (owner.app === undefined || owner.app === store.app) return;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const operations = await running(store, owner.app);
    if (operations.length === 0) return;
    for (const { opid, type, lsid } of operations) {
      const idle = type === 'idleSession';
      await admin(store, idle ? { killSessions: [{ id: lsid.id }] } : { killOp: 1, op: opid });
    }
    if (performance.now() > deadline) {
      const where = operations.map(({ ns }) => ns).join(', ');
      emit({
        type: 'warning',
        code: 'mongodb.leftovers',
        message: `The server still works for the process that held the lock before (${where}), and it could not be ended.`,
      });
      return;
    }
    await sleep(PAUSE_MS);
  }
}

/** Ends what the server does for a session of our own. */
export async function killSession(store: Store, session: ClientSession | undefined): Promise<void> {
  const id = session?.id?.id;
  if (id !== undefined) await admin(store, { killSessions: [{ id }] });
}

/** Of all users if we may see them, else of our own. */
async function running(store: Store, app: string): Promise<Document[]> {
  const work = {
    appName: app,
    $or: [{ active: true }, { type: 'idleSession', transaction: { $exists: true } }],
  };
  for (const allUsers of [true, false]) {
    try {
      return await store.client
        .db('admin')
        .aggregate([{ $currentOp: { allUsers, idleSessions: true } }, { $match: work }])
        .toArray();
    } catch {
      // Not allowed: ask for less.
    }
  }
  return [];
}

async function admin(store: Store, command: Document): Promise<void> {
  await store.client
    .db('admin')
    .command(command)
    .catch(() => {});
}
