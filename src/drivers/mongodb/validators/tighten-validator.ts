import type { Db, Document } from 'mongodb';
import type { BackfillSpec } from '../../../ports/backfill-spec.ts';
import type { BaseContext } from '../../../ports/context.ts';
import { findViolations, refuseViolations } from './find-violations.ts';
import { setValidator, type ValidatorOptions, type ValidatorReport } from './set-validator.ts';

export interface Tightening extends Pick<ValidatorOptions, 'sample' | 'store'> {
  readonly collection: string;
  /** A JSON Schema, or a whole validator. */
  readonly schema: Document;
  /**
   * How documents that do not fit are mended: a backfill without its collection and filter.
   * Absent: they must fit already.
   */
  readonly fix?: Omit<BackfillSpec, 'collection' | 'table' | 'filter'> | undefined;
}

/**
 * Makes a validator stricter while the application goes on: first it only warns, so that no
 * write fails; then a backfill mends what does not fit, in chunks and resumable; then it
 * refuses. `restoreValidator` undoes all of it at once.
 *
 * @param ctx of the migration
 * @throws GodwitError GODWIT_VALIDATOR_VIOLATED when documents do not fit even then: the
 *   warning validator stays, and the migration can be run again; what `ctx.backfill` throws
 * @example
 * ```ts
 * up: (ctx) => tightenValidator(ctx, {
 *   collection: 'users',
 *   schema: { required: ['role'], properties: { role: { enum: ['admin', 'user'] } } },
 *   fix: { set: { role: 'user' } },
 * }),
 * down: ({ db }) => restoreValidator(db, 'users'),
 * ```
 */
export async function tightenValidator(
  ctx: BaseContext & { readonly db: Db },
  { collection, schema, fix, sample = 10, store }: Tightening,
): Promise<ValidatorReport & { readonly mended: number }> {
  const { db } = ctx;
  const owner = ctx.migration.id;
  const common = { owner, store, sample };
  await setValidator(db, collection, schema, {
    ...common,
    validationAction: 'warn',
    unchecked: true,
  });
  const whole = Object.keys(schema).some((key) => key.startsWith('$'));
  const validator = whole ? schema : { $jsonSchema: schema };
  let mended = 0;
  if (fix !== undefined) {
    const name = fix.name ?? `fit_${collection}`;
    const spec = { ...fix, name, collection, filter: { $nor: [validator] } };
    mended = (await ctx.backfill(spec as BackfillSpec)).changed;
  }
  const left = await findViolations(db.collection(collection), validator, sample);
  refuseViolations(collection, left, 'The validator warns, and refuses no write.');
  const report = await setValidator(db, collection, schema, { ...common, unchecked: true });
  return { ...report, mended };
}
