import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import type { Actor } from '../../ports/history.ts';
import type { LockHolder } from '../../ports/session.ts';
import { identifyProcess, isProvablyDead, type ProcessIdentity } from './process-identity.ts';
import type { Store } from './store.ts';

/**
 * The lock is one document:
 *
 *     { _id: 'lock', fence: 7, owner: { by, command, since, expiresAt, … }, takeover: {…} }
 *
 * `owner` is absent while it is free. `fence` grows with each acquisition and names it.
 * `takeover` is the last owner that did not release: it may still believe it holds the
 * lock, so whoever sees the field must first use up the places in the log that it could
 * write to (see log.ts). The field goes only once that was done.
 */
const LOCK = 'lock';

export interface Owner {
  readonly by: Actor;
  readonly command: string;
  readonly since: Date;
  readonly expiresAt: Date;
  readonly process?: ProcessIdentity | undefined;
  /** Session of its transactions, which a successor ends. */
  readonly session?: unknown;
  /** Name of its connections, by which a successor finds what they still do. */
  readonly app?: string | undefined;
}

export interface Claim {
  readonly by: Actor;
  readonly command: string;
  readonly leaseMs: number;
  readonly session: unknown;
  readonly app: string | undefined;
}

export interface Taken {
  readonly fence: number;
  /** By the server's clock. */
  readonly since: Date;
  /** The owner that did not release, when there is one. */
  readonly takeover: Owner | undefined;
}

export interface Held {
  readonly holder: LockHolder;
  readonly owner: Owner;
}

/**
 * Takes the lock if it is free, expired by the server's clock, or held under `deadFence`.
 * One command that changes nothing if somebody else holds it, so that of any number of
 * rivals one wins. (An upsert must not ask for the server's time in its filter; an
 * update of the document by itself may, and comes to the same.)
 */
export async function takeLock(
  store: Store,
  claim: Claim,
  deadFence?: number,
): Promise<Taken | undefined> {
  const free: Document[] = [
    { $not: ['$owner'] },
    { $lte: ['$owner.expiresAt', '$$NOW'] },
    ...(deadFence === undefined ? [] : [{ $eq: ['$fence', deadFence] }]),
  ];
  const token = randomUUID();
  const after: Document | null = await store.lock.findOneAndUpdate(
    { _id: LOCK },
    [{ $replaceWith: { $cond: [{ $or: free }, claimed(claim, token), '$$ROOT'] } }],
    { upsert: true, returnDocument: 'after', includeResultMetadata: false },
  );
  if (after?.['owner']?.token !== token) return undefined;
  const { since } = after['owner'] as Owner;
  return { fence: Number(after['fence']), since, takeover: after['takeover'] as Owner | undefined };
}

function claimed({ by, command, leaseMs, session, app }: Claim, token: string): Document {
  const identity = identifyProcess();
  return {
    _id: '$_id',
    fence: { $add: [{ $ifNull: ['$fence', 0] }, 1] },
    // Absent where both are: $replaceWith leaves missing fields out.
    takeover: { $ifNull: ['$owner', '$takeover'] },
    owner: {
      token,
      by: { $literal: by },
      command: { $literal: command },
      since: '$$NOW',
      expiresAt: { $add: ['$$NOW', leaseMs] },
      ...(identity && { process: { $literal: identity } }),
      ...(session !== undefined && { session: { $literal: session } }),
      ...(app !== undefined && { app: { $literal: app } }),
    },
  };
}

/** Who holds the lock, dead or alive; undefined when it is free. Reads only. */
export async function readLock(store: Store): Promise<Held | undefined> {
  const document = await store.lock.findOne(
    { _id: LOCK },
    { projection: { fence: 1, owner: 1, expired: { $lte: ['$owner.expiresAt', '$$NOW'] } } },
  );
  const owner = document?.['owner'] as Owner | undefined;
  if (!document || !owner) return undefined;
  const dead = document['expired'] === true || isProvablyDead(owner.process, identifyProcess());
  return { owner, holder: toHolder(owner, Number(document['fence']), !dead) };
}

export function toHolder(owner: Owner, fence: number, alive: boolean): LockHolder {
  const { by, command, since, expiresAt } = owner;
  return { by, command, since, fence, expiresAt, alive };
}

/** Prolongs the lease, unless it ended already or is somebody else's by now. */
export async function renewLock(store: Store, fence: number, leaseMs: number): Promise<boolean> {
  const result = await store.lock.updateOne(
    { _id: LOCK, fence, $expr: { $gt: ['$owner.expiresAt', '$$NOW'] } },
    [{ $set: { 'owner.expiresAt': { $add: ['$$NOW', leaseMs] } } }],
  );
  return result.matchedCount === 1;
}

/** The places in the log that `takeover` could write to are used up. */
export async function settleTakeover(store: Store, fence: number): Promise<boolean> {
  const result = await store.lock.updateOne({ _id: LOCK, fence }, { $unset: { takeover: 1 } });
  return result.matchedCount === 1;
}

/** Frees exactly this acquisition. */
export async function releaseLock(store: Store, fence: number): Promise<void> {
  await store.lock.updateOne({ _id: LOCK, fence }, { $unset: { owner: 1 } });
}

/** Takes the lock away; whoever comes next treats its owner as one that did not release. */
export async function breakLock(store: Store, holder: LockHolder): Promise<boolean> {
  const result = await store.lock.updateOne(
    { _id: LOCK, fence: holder.fence, owner: { $exists: true } },
    [{ $set: { takeover: '$owner' } }, { $unset: ['owner'] }],
  );
  return result.modifiedCount === 1;
}
