import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession, TransactionOptions } from 'mongodb';
import { hasLabel, isTransient, SERVER_CODE, serverCode } from '../errors.ts';
import { abort } from '../transaction.ts';
import { hasTransactions, type Parts } from './parts.ts';

/** See parts.ts on why w:1 is enough. */
const OPTIONS: TransactionOptions = {
  readConcern: { level: 'local' },
  writeConcern: { w: 1 },
  readPreference: 'primary',
};

const COMMIT_TRIES = 5;
const PAUSE_MS = 100;

export function takeSession(parts: Parts): ClientSession | undefined {
  if (!hasTransactions(parts)) return undefined;
  return parts.sessions.pop() ?? parts.client.startSession({ causalConsistency: false });
}

export function putBack(parts: Parts, session: ClientSession | undefined): void {
  // One that is still at work is left to that work.
  if (session === undefined || session.hasEnded || session.inTransaction()) return;
  parts.sessions.push(session);
}

/**
 * Work and record in one transaction; on a standalone, one after the other. Nothing is
 * tried again here but the commit: whoever calls knows whether trying again makes sense.
 */
export async function inTransaction<T>(
  session: ClientSession | undefined,
  work: (session: ClientSession | undefined) => Promise<T>,
): Promise<T> {
  if (session === undefined) return work(undefined);
  session.startTransaction(OPTIONS);
  try {
    const result = await work(session);
    await commit(session);
    return result;
  } catch (error) {
    await abort(session);
    throw error;
  }
}

/** With a session of its own. */
export async function transact<T>(
  parts: Parts,
  work: (session: ClientSession | undefined) => Promise<T>,
): Promise<T> {
  const session = takeSession(parts);
  try {
    return await inTransaction(session, work);
  } finally {
    putBack(parts, session);
  }
}

/** A commit whose answer was lost is asked for again: the server knows what it did. */
async function commit(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      const unclear = hasLabel(error, 'UnknownTransactionCommitResult');
      if (!unclear || attempt >= COMMIT_TRIES) throw error;
      await sleep(PAUSE_MS * attempt);
    }
  }
}

/** The whole transaction may be tried again at once. */
export function isWorthRepeating(error: unknown): boolean {
  return (
    hasLabel(error, 'TransientTransactionError') ||
    serverCode(error) === SERVER_CODE.noSuchTransaction ||
    isTransient(error)
  );
}
