import { identifyProcess, isProvablyDead, type ProcessIdentity } from '../process-identity.ts';
import type { Parts } from './parts.ts';

/** Older than this by the server's clock, a worker's heartbeat is that of a dead one. */
export const ABANDONED_MS = 15_000;

/**
 * Whether a process is gone: proven, or not heard of for long.
 *
 * @param heardMs when it was heard of last, and `now`: both by the server's clock
 */
export function isGone(owner: ProcessIdentity | undefined, heardMs: number, now: Date): boolean {
  return isDead(owner) || now.getTime() - heardMs > ABANDONED_MS;
}

export function isDead(owner: ProcessIdentity | undefined): boolean {
  // The ledger is read exactly: a pid may come as a Long.
  return isProvablyDead(owner && { ...owner, pid: Number(owner.pid) }, identifyProcess());
}

/** A killed client's transaction would keep its rows locked until the server ends it. */
export async function endSession({ client }: Parts, session: unknown): Promise<void> {
  if (session === undefined || session === null) return;
  await client
    .db('admin')
    .command({ killSessions: [{ id: session }] })
    // Where that is not allowed, the server ends it after a minute.
    .catch(() => {});
}
