import type { Health } from '../../ports/backfill.ts';

/** Zero: that signal is not looked at. */
export interface HealthLimits {
  readonly maxLagMs: number;
  readonly maxWaiting: number;
  readonly maxDirty: number;
  readonly maxRetainedWal: number;
}

export const DEFAULT_HEALTH_LIMITS: HealthLimits = {
  maxLagMs: 10_000,
  maxWaiting: 20,
  // Above this part WiredTiger lets the application's own threads evict.
  maxDirty: 0.2,
  maxRetainedWal: 10 * 2 ** 30,
};

/** `slow`: work with fewer lanes. `rest`: begin nothing until it is better. */
export interface Verdict {
  readonly pace: 'go' | 'slow' | 'rest';
  /** For people: what is too much. */
  readonly reason?: string | undefined;
}

/** A signal this near to its limit slows down before it stops. */
const NEAR = 0.7;

/** What the server's health allows. */
export function assessHealth(health: Health, limits: HealthLimits): Verdict {
  const signals = [
    [health.lagMs, limits.maxLagMs, (v: number) => `replication lags ${seconds(v)}`],
    [health.waiting, limits.maxWaiting, (v: number) => `${v} operations wait for a lock`],
    [
      health.dirty,
      limits.maxDirty,
      (v: number) => `${Math.round(v * 100)} % of the cache is dirty`,
    ],
    [
      health.retainedWal,
      limits.maxRetainedWal,
      (v: number) => `${gibibytes(v)} of WAL is held back`,
    ],
  ] as const;
  let slow: string | undefined;
  for (const [value, limit, say] of signals) {
    if (value === undefined || limit <= 0) continue;
    if (value > limit) return { pace: 'rest', reason: say(value) };
    if (value > limit * NEAR) slow ??= say(value);
  }
  if (health.vacuumUrgent) slow ??= 'an autovacuum against wraparound works on the table';
  if (health.flowControlled) slow ??= 'the server holds writes back (flow control)';
  return slow === undefined ? { pace: 'go' } : { pace: 'slow', reason: slow };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
