import type { AnyRow, BackfillSpec } from '../ports/backfill-spec.ts';

/** Shared by all copies of godwit in a process, hence registered. */
const BRAND = Symbol.for('godwit.backfill');

export type BackfillDefinition<Row = AnyRow> = BackfillSpec<Row> & { readonly [BRAND]: true };

/**
 * Defines a change of many rows that is made in chunks: resumable, in parallel, gently,
 * and each row exactly once. A file in `backfills/` exports one by default; `ctx.backfill`
 * takes one inside a migration.
 *
 * @param backfill what to change (`collection` or `table`, `filter`) and how (one of `set`,
 *   `sql`, `transform`, `transformBatch`); it is checked when it is run, and everything that
 *   is wrong is then listed in one GODWIT_BACKFILL_INVALID
 * @returns the same, marked as godwit's
 * @example
 * ```ts
 * export default defineBackfill<{ phone: string }>({
 *   collection: 'patients',
 *   filter: { phone: { $exists: true } },
 *   fields: ['phone'],
 *   transform: ({ phone }) => ({ phone: phone.replace(/\D/g, '') }),
 * });
 * ```
 */
export function defineBackfill<Row = AnyRow>(backfill: BackfillSpec<Row>): BackfillDefinition<Row> {
  const target = Object.isExtensible(backfill) ? backfill : Object.create(backfill);
  // Not enumerable: it is no key of the definition.
  return Object.defineProperty(target, BRAND, { value: true });
}

/** True for what `defineBackfill` of any copy of godwit made. */
export function isBackfillDefinition(value: unknown): value is BackfillDefinition {
  return typeof value === 'object' && value !== null && BRAND in value && value[BRAND] === true;
}
