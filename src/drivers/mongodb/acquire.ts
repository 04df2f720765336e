import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { AcquireOptions, LockHolder } from '../../ports/session.ts';
import { isTransient, SERVER_CODE, serverCode, toMongoError } from './errors.ts';
import { type Instant, instant, Lease } from './lease.ts';
import { endLeftovers } from './leftovers.ts';
import {
  type Claim,
  type Held,
  readLock,
  releaseLock,
  settleTakeover,
  type Taken,
  takeLock,
  toHolder,
} from './lock.ts';
import { Log } from './log.ts';
import { lastPlace, useUpPlaces } from './places.ts';
import type { Store } from './store.ts';
import type { Topology } from './topology.ts';

export interface Acquired {
  readonly lease: Lease;
  readonly log: Log;
  /** Carries every transaction of this lock, so that a successor can end the open one. */
  readonly session: ClientSession | undefined;
}

const ANNOUNCE_MS = 1000;
const POLL_MS = { first: 50, longest: 400 };

interface Won extends Taken {
  readonly sent: Instant;
  readonly waitedMs: number;
  /** Its process is dead, or its lease ended. */
  readonly succeeded: LockHolder | undefined;
}

/** Waits for the lock, then makes sure that no earlier owner can write any more. */
export async function acquire(
  store: Store,
  topology: Topology,
  transactions: boolean,
  options: AcquireOptions,
): Promise<Acquired> {
  const session = transactions
    ? store.client.startSession({ causalConsistency: false })
    : undefined;
  const claim: Claim = {
    by: options.by,
    command: options.command,
    leaseMs: options.leaseMs,
    session: session?.id?.id,
    app: store.app,
  };
  let won: Won | undefined;
  try {
    won = await waitForLock(store, claim, options);
    const lease = new Lease(store, won.fence, options.leaseMs, won.sent, options.emit);
    try {
      const next = await openLog(store, won, options.emit);
      const log = new Log({ store, lease, topology }, next, serverClock(won));
      const { fence, waitedMs, succeeded } = won;
      options.emit({ type: 'lock.acquired', fence, waitedMs, ...(succeeded && { succeeded }) });
      return { lease, log, session };
    } catch (error) {
      lease.end();
      throw error;
    }
  } catch (error) {
    if (won) await releaseLock(store, won.fence).catch(() => {});
    await session?.endSession().catch(() => {});
    throw toMongoError(error, 'take the lock');
  }
}

async function waitForLock(store: Store, claim: Claim, options: AcquireOptions): Promise<Won> {
  const began = performance.now();
  let announced = Number.NEGATIVE_INFINITY;
  let seen: Held | undefined;
  for (let attempt = 0; ; attempt++) {
    throwIfStopped(options.signal);
    const waitedMs = performance.now() - began;
    try {
      // A holder that is alive is only looked at: an attempt to write costs the server more.
      if (seen?.holder.alive) seen = await readLock(store);
      if (!seen?.holder.alive) {
        const won = await tryTake(store, claim, seen);
        if (won !== undefined) return { ...won, waitedMs: Math.round(waitedMs) };
        seen = await readLock(store);
        // It died, or let go, while we looked.
        if (!seen?.holder.alive && attempt < 5) continue;
      }
    } catch (error) {
      // A primary that is going away: another one will answer, if there is time to wait.
      if (!isTransient(error) || waitedMs >= options.timeoutMs) throw error;
    }
    if (waitedMs >= options.timeoutMs) throw lockHeld(seen?.holder, waitedMs);
    if (performance.now() - announced >= ANNOUNCE_MS) {
      announced = performance.now();
      const { timeoutMs } = options;
      options.emit({
        type: 'lock.waiting',
        holder: seen?.holder,
        waitedMs: Math.round(waitedMs),
        timeoutMs,
      });
    }
    await pause(attempt, options.timeoutMs - waitedMs, options.signal);
  }
}

async function tryTake(
  store: Store,
  claim: Claim,
  dead: Held | undefined,
): Promise<Omit<Won, 'waitedMs'> | undefined> {
  const sent = instant();
  const taken = await takeLock(store, claim, dead?.holder.fence);
  if (taken === undefined) return undefined;
  const { takeover, fence } = taken;
  return { ...taken, sent, succeeded: takeover && toHolder(takeover, fence - 1, false) };
}

/** What the server's clock says, as far as a lock that was just taken can tell. */
function serverClock({ since, sent }: Won): () => Date {
  return () => new Date(since.getTime() + Math.round(performance.now() - sent.monotonic));
}

/** Returns the place of the next record. */
async function openLog(store: Store, won: Won, emit: Emit): Promise<number> {
  if (won.takeover) await endLeftovers(store, won.takeover, emit);
  const last = await lastPlace(store);
  if (last === 0) await createHistory(store);
  if (won.takeover === undefined) return last + 1;
  const next = await useUpPlaces(store, won.fence, last);
  await settleTakeover(store, won.fence);
  return next;
}

/** Beforehand, because making a collection inside a transaction meets more conflicts. */
async function createHistory(store: Store): Promise<void> {
  try {
    await store.db.createCollection(store.historyName, { writeConcern: { w: 'majority' } });
  } catch (error) {
    if (serverCode(error) !== SERVER_CODE.namespaceExists) throw error;
  }
}

function throwIfStopped(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new GodwitError('GODWIT_STOPPED', 'Stopped while waiting for the lock.', {
    state: 'Nothing was done.',
  });
}

/** Jitter keeps waiters from asking in step. */
async function pause(attempt: number, leftMs: number, signal: AbortSignal): Promise<void> {
  const base = Math.min(POLL_MS.longest, POLL_MS.first * 1.5 ** Math.min(attempt, 10));
  const ms = Math.min(base * (0.5 + Math.random()), Math.max(leftMs, 1));
  await sleep(ms, undefined, { signal }).catch(() => {});
}

function lockHeld(holder: LockHolder | undefined, waitedMs: number): GodwitError {
  const who = holder
    ? `${holder.by.user}@${holder.by.host} (pid ${holder.by.pid}), running ${holder.command} since ${holder.since.toISOString()}`
    : 'somebody who came first each time';
  const waited = waitedMs < 1 ? '' : ` after waiting ${(waitedMs / 1000).toFixed(1)} s`;
  return new GodwitError('GODWIT_LOCK_HELD', `The lock is held by ${who}${waited}.`, {
    state: 'Nothing was done.',
    next: ['wait longer: --lock-timeout 10m', 'see who holds it, and take it away: godwit unlock'],
  });
}
