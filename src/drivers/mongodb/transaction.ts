import type { ClientSession, TransactionOptions } from 'mongodb';
import { hasLabel, isTransient } from './errors.ts';
import type { Lease } from './lease.ts';

/**
 * A transaction always reads one snapshot; on a replica set, `local` with a majority
 * commit makes that a snapshot of majority-committed data if the commit succeeds, and
 * unlike `snapshot` it allows collections and indexes to be created.
 */
export const TRANSACTION: TransactionOptions = {
  readConcern: { level: 'local' },
  writeConcern: { w: 'majority', j: true },
  readPreference: 'primary',
};

/**
 * How long a transaction may keep its documents whose client is gone: the server ends it
 * after a minute, and looks for such each half of one.
 */
export const LONGEST_LEFT_MS = 100_000;

const PAUSE_MS = 50;
const COMMIT_TRIES = 5;

/** For godwit's own records, which may be written again: repeats until they are there. */
export async function transact(
  session: ClientSession,
  lease: Lease,
  write: () => Promise<void>,
): Promise<void> {
  for (;;) {
    lease.check();
    session.startTransaction(TRANSACTION);
    try {
      await write();
      await commit(session, lease);
      return;
    } catch (error) {
      await abort(session);
      const again =
        hasLabel(error, 'TransientTransactionError') ||
        hasLabel(error, 'UnknownTransactionCommitResult') ||
        isTransient(error);
      if (!again || lease.lost.aborted || lease.remainingMs <= PAUSE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** Asks again while the answer is unclear, as long as the lease lasts. */
export async function commit(session: ClientSession, lease: Lease): Promise<void> {
  for (;;) {
    lease.check();
    try {
      return await session.commitTransaction();
    } catch (error) {
      const unclear = hasLabel(error, 'UnknownTransactionCommitResult');
      if (!unclear || lease.remainingMs <= PAUSE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/**
 * Work in one transaction, which is rolled back when it throws. Nothing is tried again here
 * but the commit: whoever calls knows whether trying again makes sense.
 */
export async function runTransaction<T>(
  session: ClientSession,
  options: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  session.startTransaction(options);
  try {
    const result = await work();
    await commitClearly(session);
    return result;
  } catch (error) {
    await abort(session);
    throw error;
  }
}

/** A commit whose answer was lost is asked for again: the server knows what it did. */
async function commitClearly(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      const unclear = hasLabel(error, 'UnknownTransactionCommitResult');
      if (!unclear || attempt >= COMMIT_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2 * PAUSE_MS * attempt));
    }
  }
}

export async function abort(session: ClientSession): Promise<void> {
  try {
    if (session.inTransaction()) await session.abortTransaction();
  } catch {
    // It is gone already, or the server's limit will end it.
  }
}
