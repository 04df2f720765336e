import type { PublicIdEntry, PublicIdInput, RegistryHolder } from '../core/public-ids/registry.ts';

declare const brand: unique symbol;

/**
 * A public id that was drawn or checked: `PublicId<'pat'>` is a text that begins with `pat_`,
 * and no other text is one until `parse` or `is` says so.
 */
export type PublicId<Prefix extends string = string> = `${Prefix}_${string}` & {
  readonly [brand]: Prefix;
};

type Trimmed<Prefix extends string> = Prefix extends `${infer Bare}_` ? Bare : Prefix;

/** The prefix of one of a registry's tables. */
export type PrefixOf<Tables, Table extends keyof Tables> = Tables[Table] extends string
  ? Trimmed<Tables[Table]>
  : Tables[Table] extends { readonly prefix: infer Prefix extends string }
    ? Trimmed<Prefix>
    : string;

export interface IdsOptions {
  /** Characters that are drawn behind the prefix, 2 to 32. Default 24. */
  readonly length?: number | undefined;
}

/** An id, taken apart. */
export interface ParsedId<Table extends string = string, Prefix extends string = string> {
  readonly id: PublicId<Prefix>;
  readonly table: Table;
  readonly prefix: Prefix;
  /** What follows the prefix and its `_`. */
  readonly body: string;
  /** Which library drew it, as far as its form tells. */
  readonly kind: 'cuid2' | 'cuid';
}

type Name<Tables> = keyof Tables & string;

/** Any table's parsed id, so that `table` tells `prefix` and `id`. */
export type AnyParsedId<Tables> = {
  [Table in Name<Tables>]: ParsedId<Table, PrefixOf<Tables, Table>>;
}[Name<Tables>];

/** What `defineIds` gives; a config's `publicIds` takes it as it is. */
export interface IdRegistry<Tables extends Readonly<Record<string, PublicIdInput>>>
  extends RegistryHolder {
  /** Tables in order, with their column and prefix. */
  readonly entries: readonly PublicIdEntry[];
  /** A new id: the prefix, `_`, and a cuid2. */
  create<Table extends Name<Tables>>(table: Table): PublicId<PrefixOf<Tables, Table>>;
  /** A new id as older code drew it: the prefix, `_`, and a legacy cuid. */
  createLegacy<Table extends Name<Tables>>(table: Table): PublicId<PrefixOf<Tables, Table>>;
  /** Throws GODWIT_PUBLIC_ID_INVALID, saying what is wrong. */
  parse(value: unknown): AnyParsedId<Tables>;
  /** As `parse`, and the id must be of this table. */
  parse<Table extends Name<Tables>>(
    table: Table,
    value: unknown,
  ): ParsedId<Table, PrefixOf<Tables, Table>>;
  is<Table extends Name<Tables>>(
    table: Table,
    value: unknown,
  ): value is PublicId<PrefixOf<Tables, Table>>;
  /** What is wrong with a value as an id of this table; undefined: nothing. */
  problem(table: Name<Tables>, value: unknown): string | undefined;
  /** The condition of a CHECK constraint, to be written into a CREATE TABLE. */
  condition(table: Name<Tables>): string;
  /**
   * SQL that adds CHECK constraints to tables that are there, of all tables or of one: first
   * without a look at the rows, then with one that lets the application go on.
   */
  checkSql(table?: Name<Tables>): string;
}
