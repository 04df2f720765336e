import { GodwitError } from '../errors.ts';
import type { Target } from '../ports/driver.ts';

/**
 * What the queue carries: "there is work on this ledger". What the work is, and whether
 * there is still any, the ledger says.
 */
export interface DrainJob {
  readonly ledger: string;
  /** Nothing was left to claim: end it, if nobody has. */
  readonly finish?: boolean;
}

/** Undefined when it is none of ours. */
export function readDrainJob(data: unknown): DrainJob | undefined {
  if (typeof data !== 'object' || data === null || !('ledger' in data)) return undefined;
  const { ledger } = data;
  if (typeof ledger !== 'string') return undefined;
  return { ledger, finish: 'finish' in data && data.finish === true };
}

/** Only what lies in `backfills/`: a migration's backfill is worked on under its lock. */
export function isShared(ledger: string): boolean {
  return ledger.startsWith('backfill:');
}

/** Whoever has the same id finds the job there already. The queue takes no colon. */
export function jobId(ledger: string, slot: number | 'finish'): string {
  return `${encodeURIComponent(ledger)}.${slot}`;
}

/**
 * One queue for a database. Hosts are left out: a worker may reach the server by another
 * name.
 *
 * @throws GodwitError GODWIT_UNSUPPORTED
 */
export function queueName({ driver, database }: Target): string {
  if (driver === 'pglite') {
    throw new GodwitError('GODWIT_UNSUPPORTED', 'A PGlite database belongs to one process.', {
      state: 'Nothing was done.',
      next: ['work on it without --redis: godwit backfill run NAME'],
    });
  }
  return `godwit-${driver}-${database.replaceAll(/[^\w.-]/g, '_')}`;
}
