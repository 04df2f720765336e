import type { AnyContext, BaseContext } from '../ports/context.ts';

/** Shared by all copies of godwit in a process, hence registered. */
const BRAND = Symbol.for('godwit.migration');

/** What `defineMigration` takes. `C` is the context that `up` is written for. */
export interface MigrationSpec<C extends BaseContext = AnyContext> {
  /** Shown by `status`, `plan` and `history`; read without running when it is a literal. */
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  /**
   * `true`: run in a transaction or not at all. `false`: never in one. Absent: as the
   * database does best (PostgreSQL in one, MongoDB outside).
   */
  readonly transaction?: boolean | undefined;
  /** Safe to run again after an interruption, so that godwit need not ask. */
  readonly idempotent?: boolean | undefined;
  /** Of a baseline that `godwit squash` wrote: what it stands for. */
  readonly replaces?: string | undefined;
  up(ctx: C): unknown;
  /** Absent: there is no way back. */
  down?(ctx: C): unknown;
  /** Asked after `up`, in its transaction where there is one. Throwing fails the run. */
  verify?(ctx: C): unknown;
}

export type MigrationDefinition<C extends BaseContext = AnyContext> = MigrationSpec<C> & {
  readonly [BRAND]: true;
};

/**
 * Defines a migration. Its `up`, `down` and `verify` are given one context; what is in it
 * depends on the database, and a type parameter makes it exact.
 *
 * @param migration returned as it is, marked as godwit's
 * @example
 * ```ts
 * export default defineMigration({
 *   description: 'Users get a theme',
 *   async up({ db }) {
 *     await db.collection('users').updateMany({}, { $set: { theme: 'light' } });
 *   },
 *   async down({ db }) {
 *     await db.collection('users').updateMany({}, { $unset: { theme: '' } });
 *   },
 * });
 * ```
 */
export function defineMigration<C extends BaseContext = AnyContext>(
  migration: MigrationSpec<C>,
): MigrationDefinition<C> {
  const target = Object.isExtensible(migration) ? migration : Object.create(migration);
  return Object.defineProperty(target, BRAND, { value: true, enumerable: true });
}

/** True for what `defineMigration` of any copy of godwit made. */
export function isMigrationDefinition(value: unknown): value is MigrationDefinition {
  return typeof value === 'object' && value !== null && BRAND in value && value[BRAND] === true;
}
