import type { ClientSession, TransactionOptions } from 'mongodb';
import { hasLabel, isTransient, SERVER_CODE, serverCode } from '../errors.ts';
import { runTransaction } from '../transaction.ts';
import { hasTransactions, type Parts } from './parts.ts';

/** See parts.ts on why w:1 is enough. */
const OPTIONS: TransactionOptions = {
  readConcern: { level: 'local' },
  writeConcern: { w: 1 },
  readPreference: 'primary',
};

export function takeSession(parts: Parts): ClientSession | undefined {
  if (!hasTransactions(parts)) return undefined;
  return parts.sessions.pop() ?? parts.client.startSession({ causalConsistency: false });
}

export function putBack(parts: Parts, session: ClientSession | undefined): void {
  // One that is still at work is left to that work.
  if (session === undefined || session.hasEnded || session.inTransaction()) return;
  parts.sessions.push(session);
}

/** Work and record in one transaction; on a standalone, one after the other. */
export async function inTransaction<T>(
  session: ClientSession | undefined,
  work: (session: ClientSession | undefined) => Promise<T>,
): Promise<T> {
  if (session === undefined) return work(undefined);
  return runTransaction(session, OPTIONS, () => work(session));
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

/** The whole transaction may be tried again at once. */
export function isWorthRepeating(error: unknown): boolean {
  return (
    hasLabel(error, 'TransientTransactionError') ||
    serverCode(error) === SERVER_CODE.noSuchTransaction ||
    isTransient(error)
  );
}
