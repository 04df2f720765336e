import type { BackfillJob } from '../../../src/ports/backfill-job.ts';
import { type Draw, jobOf } from './backfill-kit.ts';

/** As in guide 2, with a counter beside it: both are wrong when they are applied twice. */
export const changePhone: Draw = (row) => {
  let phone = String(row['phone']).replace(/\D/g, '');
  if (!phone.startsWith('+1')) phone = `+1${phone}`;
  return { type: 'set', values: { n: Number(row['n']) + 1, phone } };
};

export function phoneOf(i: number): string {
  return `(555) ${String(i).padStart(7, '0')}`;
}

const target = 'things';
const set = { n: 'n + 1', phone: `'+1' || regexp_replace(phone, '\\D', '', 'g')` };

export const KILL_JOBS = {
  set: jobOf({ ledger: 'set', target, change: { type: 'set', set } }),
  sql: jobOf({
    ledger: 'sql',
    target,
    change: {
      type: 'sql',
      sql: `update things t set n = t.n + 1, phone = ${set.phone} where {{chunk}}`,
    },
    touched: true,
    order: 'descending',
  }),
  fields: jobOf({
    ledger: 'fields',
    target,
    change: { type: 'transform' },
    fields: ['n', 'phone'],
  }),
  whole: jobOf({ ledger: 'whole', target, change: { type: 'transform' }, touched: true }),
} as const satisfies Record<string, BackfillJob>;

export type KillMode = keyof typeof KILL_JOBS;
