import type { DriverName } from '../../ports/context.ts';
import type { Job } from '../../ports/session.ts';
import type { Connection } from './connection.ts';
import type { HeldLock } from './held-lock.ts';
import type { Store } from './store.ts';
import { ident } from './text.ts';

/** Where runs are executed: a session under a held lock. */
export interface Workplace {
  readonly driver: DriverName;
  readonly connection: Connection;
  readonly lock: HeldLock;
  readonly store: Store;
  /** The session is godwit's own: it may be cleaned thoroughly. */
  readonly owned: boolean;
  /** False behind a pooler that may give each transaction another server. */
  readonly keepsSession: boolean;
  /** The project's folder. */
  readonly root: string;
  /** Another session to look and to cancel from; undefined where there can be none. */
  observer(): Promise<Connection | undefined>;
  /** A new session after the first was lost; undefined where there can be none. */
  reconnect(): Promise<Connection | undefined>;
}

/** Time-outs are set for one transaction, never for a session that a pooler shares. */
export function settingsOf({ limits }: Pick<Job, 'limits'>): string[] {
  return [
    `set local lock_timeout=${Math.round(limits.lockTimeoutMs)}`,
    `set local statement_timeout=${Math.round(limits.statementTimeoutMs)}`,
  ];
}

/**
 * Statements that undo what a file did to its session, for inside its transaction, with
 * the role that godwit writes as at the end. Never DISCARD ALL, which frees the lock.
 */
export function cleanSession({ store, owned }: Workplace): string[] {
  return [
    'reset session authorization',
    'reset all',
    ...(owned ? ['discard temp', 'deallocate all', 'close all', 'unlisten *'] : []),
    ...(store.role === undefined ? [] : [`set local role ${ident(store.role)}`]),
  ];
}

/** Rolls back what is open, if the session is still there. */
export async function rollback({ connection }: Workplace): Promise<void> {
  if (connection.lost.aborted || connection.state === 'I') return;
  await connection.simple('rollback').catch(() => undefined);
}

export function appliedStatus(job: Job): 'applied' | 'reverted' {
  return job.header.direction === 'up' ? 'applied' : 'reverted';
}

/** Takes on the role for work that has no transaction to set it in. */
export async function enterSession({ connection, store, keepsSession }: Workplace): Promise<void> {
  if (store.role !== undefined && keepsSession)
    await connection.simple(`set role ${ident(store.role)}`);
}
