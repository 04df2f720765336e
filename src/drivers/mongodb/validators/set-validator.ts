import type { Db, Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import { findViolations, refuseViolations, type Violations } from './find-violations.ts';
import { keep, newestKept, readValidator, same, type ValidatorState } from './kept-validators.ts';

export interface ValidatorOptions {
  /** `strict` (default): every write. `moderate`: not updates of documents that do not fit now. */
  readonly validationLevel?: 'strict' | 'moderate' | 'off' | undefined;
  /** `error` (default) refuses a write, `warn` lets it pass and logs it. */
  readonly validationAction?: 'error' | 'warn' | undefined;
  /** How many documents that do not fit are listed. Default 10. */
  readonly sample?: number | undefined;
  /** Do not look for documents that do not fit. */
  readonly unchecked?: boolean | undefined;
  /** Steps of one migration, of which the way back undoes all: its id. */
  readonly owner?: string | undefined;
  /** Collection in which the previous validator is kept. Default `godwit_validators`. */
  readonly store?: string | undefined;
}

export interface ValidatorReport {
  readonly collection: string;
  readonly created: boolean;
  readonly changed: boolean;
  /** Documents that do not fit: never any where writes of all of them would be refused. */
  readonly violations: number;
}

const STORE = 'godwit_validators';

/**
 * Sets a collection's validator, and creates the collection where it is missing. Before
 * writes of documents that are there would be refused (`strict` and `error`) it looks for
 * those that do not fit. What it replaces is kept for `restoreValidator`.
 *
 * @param db of a migration's context; outside a transaction, for MongoDB allows no other
 * @param schema a JSON Schema, or a whole validator such as `{ $jsonSchema: {…} }`
 * @throws GodwitError GODWIT_VALIDATOR_VIOLATED with the `_id`s, GODWIT_UNSUPPORTED for a view
 * @example
 * ```ts
 * export default defineMigration({
 *   up: ({ db }) => setValidator(db, 'users', { bsonType: 'object', required: ['email'] }),
 *   down: ({ db }) => restoreValidator(db, 'users'),
 * });
 * ```
 */
export async function setValidator(
  db: Db,
  collection: string,
  schema: Document,
  options: ValidatorOptions = {},
): Promise<ValidatorReport> {
  const { store = STORE, owner, sample = 10 } = options;
  const to = wanted(schema, options);
  const from = await readValidator(db, collection);
  const violations = options.unchecked
    ? undefined
    : await findViolations(db.collection(collection), to.validator, sample);
  const binding = to.validationLevel === 'strict' && to.validationAction === 'error';
  if (violations && binding) refuseViolations(collection, violations, 'Nothing was changed.');
  if (from === undefined) {
    await db.createCollection(collection, to);
    return done(collection, { created: true, changed: true, violations });
  }
  if (same(from, to)) return done(collection, { created: false, changed: false, violations });
  await keep(db, store, collection, { from, to, ...(owner !== undefined && { owner }) });
  await db.command({ collMod: collection, ...to });
  return done(collection, { created: false, changed: true, violations });
}

/**
 * Puts back the validator that the newest `setValidator` or `tightenValidator` of the
 * collection replaced.
 *
 * @returns false when nothing was kept, which is so when the collection was created with it
 * @throws GodwitError GODWIT_VALIDATOR_CHANGED when it is not the one that was set
 */
export async function restoreValidator(
  db: Db,
  collection: string,
  { store = STORE }: Pick<ValidatorOptions, 'store'> = {},
): Promise<boolean> {
  const kept = await newestKept(db, store, collection);
  if (kept === undefined) return false;
  const now = await readValidator(db, collection);
  if (now !== undefined && !same(now, kept.from)) {
    if (!same(now, kept.to)) throw changed(collection);
    await db.command({ collMod: collection, ...kept.from });
  }
  await kept.forget();
  return true;
}

function wanted(schema: Document, options: ValidatorOptions): ValidatorState {
  const whole = Object.keys(schema).some((key) => key.startsWith('$'));
  return {
    validator: whole || Object.keys(schema).length === 0 ? schema : { $jsonSchema: schema },
    validationLevel: options.validationLevel ?? 'strict',
    validationAction: options.validationAction ?? 'error',
  };
}

function done(
  collection: string,
  {
    created,
    changed: is,
    violations,
  }: {
    created: boolean;
    changed: boolean;
    violations: Violations | undefined;
  },
): ValidatorReport {
  return { collection, created, changed: is, violations: violations?.count ?? 0 };
}

function changed(collection: string): GodwitError {
  return new GodwitError(
    'GODWIT_VALIDATOR_CHANGED',
    `The validator of ${collection} is not the one that was set: somebody changed it since.`,
    {
      state: 'The validator is as it was found.',
      next: [`look at it: db.getCollectionInfos({ name: '${collection}' })`],
    },
  );
}
