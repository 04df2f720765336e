import type { PublicIdColumn } from '../../ports/checks.ts';

/** Prefix of a table's public ids, without `_`, with the column where it is not `public_id`. */
export type PublicIdInput =
  | string
  | { readonly prefix: string; readonly column?: string | undefined };

/** A table of the registry. */
export interface PublicIdEntry extends PublicIdColumn {
  /** As the registry has it: `patients`, or `clinic.patients`. */
  readonly name: string;
}

/** What `defineIds` made is known by this key, whichever copy of godwit made it. */
export const REGISTRY: unique symbol = Symbol.for('godwit.ids') as never;

/** A registry, or the plain object that one is made of. */
export type PublicIdTables = Readonly<Record<string, PublicIdInput>>;

export interface RegistryHolder {
  readonly [REGISTRY]: { readonly tables: PublicIdTables; readonly length: number };
}

/** Ids drawn where nothing else is said have so many characters behind their prefix. */
export const DEFAULT_LENGTH = 24;
const PREFIX = /^[a-z][a-z0-9]{0,15}$/;

export function isRegistry(value: unknown): value is RegistryHolder {
  return typeof value === 'object' && value !== null && REGISTRY in value;
}

/** The tables and the length of what is either a registry or a plain object. */
export function openRegistry(given: RegistryHolder | PublicIdTables): {
  readonly tables: PublicIdTables;
  readonly length: number;
} {
  return isRegistry(given) ? given[REGISTRY] : { tables: given, length: DEFAULT_LENGTH };
}

/** `TABLE` or `SCHEMA.TABLE`, with a prefix written as `pat` or `pat_`. */
export function entriesOf(given: RegistryHolder | PublicIdTables): PublicIdEntry[] {
  return Object.entries(openRegistry(given).tables).map(([name, input]) => {
    const { prefix, column = 'public_id' } = typeof input === 'string' ? { prefix: input } : input;
    const dot = name.indexOf('.');
    const [schema, table] = dot < 0 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)];
    return { name, schema, table, column, prefix: prefix.replace(/_$/, '') };
  });
}

/** Everything that is wrong with a registry, each in a sentence. */
export function registryProblems(given: PublicIdTables): string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const { name, table, column, prefix } of entriesOf(given)) {
    if (table === '') problems.push(`"${name}" names no table`);
    if (column === '') problems.push(`${name}: the column must have a name`);
    if (!PREFIX.test(prefix)) {
      problems.push(
        `${name}: the prefix "${prefix.slice(0, 24)}" must be 1 to 16 small letters and digits, and begin with a letter`,
      );
    }
    const owner = owners.get(prefix);
    if (owner !== undefined) problems.push(`${owner} and ${name} have the same prefix "${prefix}"`);
    owners.set(prefix, name);
  }
  return problems;
}
