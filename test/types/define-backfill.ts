// Checked by tsc, never run: what compiles as a backfill, and what must not.
import { type BackfillSummary, defineBackfill, defineMigration } from '../../src/index.ts';

interface Patient {
  readonly _id: string;
  readonly phone: string;
}

export const collection = defineBackfill<Patient>({
  collection: 'patients',
  filter: { phone: { $exists: true } },
  fields: ['phone'],
  transform: ({ phone }) => (phone === '' ? { $delete: true } : { phone: phone.trim() }),
  chunk: { start: 500, targetMs: 300 },
  throttle: { maxRate: 1_000, windows: ['22:00-06:00'] },
  onError: 'skip-and-record',
  backup: 'touched',
  verify: async ({ count, summary }) => {
    const left: number = await count({ phone: '' }, 1);
    return left === 0 && summary.changed > 0;
  },
});

export const batch = defineBackfill<Patient>({
  collection: 'patients',
  transformBatch: async (rows) => rows.map(({ phone }) => ({ phone })),
});

export const table = defineBackfill({
  table: 'users',
  set: { email: 'lower(email)' },
  key: ['tenant', 'id'],
});

export const inThreads = defineBackfill({
  table: 'users',
  transform: new URL('./transform.ts', import.meta.url),
});

defineBackfill<Patient>({
  collection: 'patients',
  // @ts-expect-error there is no such field
  transform: ({ name }) => ({ name }),
});

defineBackfill({
  collection: 'patients',
  // @ts-expect-error a text is no answer
  transform: () => 'text',
});

// @ts-expect-error there is no such policy
defineBackfill({ collection: 'patients', set: {}, onError: 'ignore' });

export const migration = defineMigration({
  async up(ctx) {
    const summary: BackfillSummary = await ctx.backfill(table);
    ctx.log(`${summary.changed} of ${summary.rows}`);
  },
});
