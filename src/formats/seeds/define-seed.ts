import type { AnyContext, BaseContext } from '../../ports/context.ts';
import type { FakeOptions, FakeTools } from './fake.ts';

/** Shared by all copies of godwit in a process, hence registered. */
const BRAND = Symbol.for('godwit.seed');

/** What a seed's function is given: a migration's context, and fake data. */
export type SeedContext<C extends BaseContext = AnyContext> = C & {
  /** Tools that make the same data each time. */
  fake(options?: FakeOptions): Promise<FakeTools>;
};

/** What `defineSeed` takes: `run`, or where records go and what they are. */
export interface SeedSpec<C extends BaseContext = AnyContext> {
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  /** Ids of seeds that must be there first. */
  readonly dependsOn?: readonly string[] | undefined;
  /** `false`: never in a transaction. Absent: in one where the server can. */
  readonly transaction?: boolean | undefined;
  /** Writes by hand. It must be safe to run again: `ctx.upsert` is. */
  run?(ctx: SeedContext<C>): unknown;
  /** Where `records`, or what `make` makes, are put. */
  readonly collection?: string | undefined;
  /** The same by PostgreSQL's word. */
  readonly table?: string | undefined;
  /** What tells records apart. Default `_id` or `id`, where records have one. */
  readonly key?: string | readonly string[] | undefined;
  readonly records?: readonly object[] | undefined;
  /** How many records `make` is asked for. */
  readonly count?: number | undefined;
  /** Another number gives other data; the same one the same. Default 1. */
  readonly fakeSeed?: number | undefined;
  /** Locale of @faker-js/faker, such as `de`. Default `en`. */
  readonly locale?: string | undefined;
  /** One record; called with `index` from 0. */
  make?(tools: FakeTools & { readonly index: number }): object | Promise<object>;
}

export type SeedDefinition<C extends BaseContext = AnyContext> = SeedSpec<C> & {
  readonly [BRAND]: true;
};

/** A seed registered in code: `createMigrator({ seeds })`, or `seeds` of the config. */
export type CodeSeed<C extends BaseContext = AnyContext> = SeedSpec<C> & {
  /** Such as `001_create_admin_user`: begins with its place in the order. */
  readonly id: string;
  /** Only in these. Default: in all but production. */
  readonly environments?: readonly string[] | undefined;
};

/**
 * Defines a seed: sample or reference data that is put there once, and brought in line
 * when it is run again.
 *
 * @param seed `run(ctx)`; or `collection` (`table`), `key` and `records`; or the same with
 *   `count` and `make`, a factory
 * @returns the same, marked as godwit's
 * @example
 * ```ts
 * export default defineSeed({
 *   collection: 'users',
 *   key: 'email',
 *   count: 50,
 *   make: ({ faker, index }) => ({ email: `user${index}@example.com`, name: faker.person.fullName() }),
 * });
 * ```
 */
export function defineSeed<C extends BaseContext = AnyContext>(
  seed: SeedSpec<C>,
): SeedDefinition<C> {
  const target = Object.isExtensible(seed) ? seed : Object.create(seed);
  return Object.defineProperty(target, BRAND, { value: true, enumerable: true });
}

/** True for what `defineSeed` of any copy of godwit made. */
export function isSeedDefinition(value: unknown): value is SeedDefinition {
  return typeof value === 'object' && value !== null && BRAND in value && value[BRAND] === true;
}
