import { setTimeout as sleep } from 'node:timers/promises';
import { GodwitError } from '../../errors.ts';
import type { AcquireOptions, LockHolder } from '../../ports/session.ts';

const SHORTEST_MS = 20;
const LONGEST_MS = 400;
/** How often the wait is reported. */
const REPORT_MS = 5_000;

export interface Waited<T> {
  readonly got: T;
  readonly waitedMs: number;
}

/**
 * Polls with jitter until the lock is got. Nothing is held between two attempts, no
 * transaction is open: a waiter must not be what CREATE INDEX CONCURRENTLY waits for.
 *
 * @param attempt gives undefined while somebody else has the lock
 * @throws GodwitError GODWIT_LOCK_HELD, GODWIT_STOPPED
 */
export async function waitForLock<T>(
  options: AcquireOptions,
  attempt: () => Promise<T | undefined>,
  readHolder: () => Promise<LockHolder | undefined>,
): Promise<Waited<T>> {
  const { timeoutMs, signal, emit } = options;
  const started = performance.now();
  let reported = Number.NEGATIVE_INFINITY;
  let pauseMs = SHORTEST_MS;
  for (;;) {
    if (signal.aborted) throw stopped();
    const got = await attempt();
    const waitedMs = Math.round(performance.now() - started);
    if (got !== undefined) return { got, waitedMs };
    if (waitedMs >= timeoutMs) throw lockHeld(await readHolder(), waitedMs);
    if (waitedMs - reported >= REPORT_MS) {
      reported = waitedMs;
      emit({ type: 'lock.waiting', holder: await readHolder(), waitedMs, timeoutMs });
    }
    const jittered = pauseMs * (0.5 + Math.random());
    await pause(Math.min(jittered, Math.max(1, timeoutMs - waitedMs)), signal);
    pauseMs = Math.min(LONGEST_MS, pauseMs * 1.5);
  }
}

/** @throws GodwitError GODWIT_STOPPED */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw stopped();
  }
}

function stopped(): GodwitError {
  return new GodwitError('GODWIT_STOPPED', 'Stopped while waiting.', {
    state: 'Nothing was run.',
  });
}

export function lockHeld(holder: LockHolder | undefined, waitedMs: number): GodwitError {
  const who = holder
    ? `${holder.by.user}@${holder.by.host} (pid ${holder.by.pid}) has held it for "${holder.command}" since ${holder.since.toISOString()}`
    : 'somebody else holds it';
  const waited = waitedMs < 1 ? '' : ` after ${(waitedMs / 1000).toFixed(1)} s`;
  return new GodwitError('GODWIT_LOCK_HELD', `The lock was not obtained${waited}: ${who}.`, {
    state: 'Nothing was run.',
    next: ['wait for it, or wait longer: --lock-timeout 10m', 'look who it is: godwit unlock'],
  });
}
