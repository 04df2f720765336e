import { GodwitError } from '../../../errors.ts';
import type { Connection } from '../connection.ts';
import type { Store } from '../store.ts';
import { literal } from '../text.ts';

/** What a backup covers. */
export interface Extent {
  /** Schemas that are copied, and dropped and created again. */
  readonly managed: readonly string[];
  /** The others that are neither the system's nor an extension's. */
  readonly unmanaged: readonly string[];
  /** All of them, so that one that came later can go. */
  readonly extensions: readonly Extension[];
  /** A part was asked for: schemas that came later stay. */
  readonly partial: boolean;
  readonly notes: readonly string[];
}

export interface Extension {
  readonly name: string;
  readonly schema: string;
}

/** Neither the system's nor made by an extension. `n` is pg_namespace. */
export const ORDINARY_SCHEMA = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select 1 from pg_catalog.pg_depend e where e.deptype = 'e' and e.objid = n.oid
    and e.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass)`;

/**
 * Without a choice: every schema that may be dropped and created again, which are those
 * that the user, or a role it belongs to, owns.
 *
 * @throws GodwitError GODWIT_BACKUP_FAILED for a schema that is not there, or not the user's
 */
export async function readExtent(
  connection: Connection,
  store: Store,
  only: readonly string[] | undefined,
): Promise<Extent> {
  const [schemas, extensions, large] = await connection.simple(
    `select n.nspname, pg_catalog.pg_has_role(n.nspowner, 'usage'),
        pg_catalog.pg_get_userbyid(n.nspowner)
      from pg_catalog.pg_namespace n where ${ORDINARY_SCHEMA} order by 1;
    select x.extname, n.nspname from pg_catalog.pg_extension x
      join pg_catalog.pg_namespace n on n.oid = x.extnamespace order by 1;
    select count(*) from pg_catalog.pg_largeobject_metadata`,
  );
  const all = (schemas?.rows ?? []).map(([name, own, owner]) => ({
    name: String(name),
    own: own === 't',
    owner: String(owner),
  }));
  const wanted = only && new Set([...only, store.schema]);
  if (only) insistOnSchemas(only, all);
  const managed = all.filter(({ name, own }) => (wanted ? wanted.has(name) : own));
  const names = managed.map(({ name }) => name);
  const others = all.filter(({ name }) => !names.includes(name));
  const objects = Number(large?.rows[0]?.[0] ?? 0);
  return {
    managed: names,
    unmanaged: others.map(({ name }) => name),
    extensions: (extensions?.rows ?? []).map(([name, schema]) => ({
      name: String(name),
      schema: String(schema),
    })),
    partial: wanted !== undefined,
    notes: [
      ...others.map(({ name, owner }) =>
        wanted
          ? `The schema ${name} is not in it.`
          : `The schema ${name} is not in it: it belongs to ${owner}.`,
      ),
      ...(objects > 0 ? [`${objects} large objects are not in it.`] : []),
    ],
  };
}

function insistOnSchemas(
  only: readonly string[],
  all: readonly { name: string; own: boolean; owner: string }[],
): void {
  const problems = only.flatMap((name) => {
    const found = all.find((schema) => schema.name === name);
    if (!found) return [`there is no schema ${name}`];
    return found.own ? [] : [`the schema ${name} belongs to ${found.owner}`];
  });
  if (problems.length === 0) return;
  throw new GodwitError('GODWIT_BACKUP_FAILED', `No backup: ${problems.join(', ')}.`, {
    next: ['name other schemas: backup.only in the config, or --only'],
  });
}

/** `array['a','b']::name[]`. */
export function nameArray(names: readonly string[]): string {
  return `array[${names.map(literal).join(',')}]::pg_catalog.name[]`;
}
