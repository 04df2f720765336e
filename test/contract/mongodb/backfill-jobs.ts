import type { BackfillJob } from '../../../src/ports/backfill-job.ts';
import type { RowTransform } from './backfill-kit.ts';

/** As in guide 2, and with a counter beside it: both are wrong when they are applied twice. */
export const changePhone: RowTransform = (row) => ({
  type: 'set',
  values: { n: (row['n'] as number) + 1, phone: `+1${String(row['phone']).replace(/\D/g, '')}` },
});

export function phoneOf(i: number): string {
  return `(555) ${String(i).padStart(7, '0')}`;
}

export const KILL_JOBS = {
  set: { ledger: 'set' },
  transform: { ledger: 'transform', change: { type: 'transform' }, fields: ['n', 'phone'] },
  whole: { ledger: 'whole', change: { type: 'transform' }, touched: true },
} as const satisfies Record<string, Partial<BackfillJob>>;

export type KillMode = keyof typeof KILL_JOBS;
