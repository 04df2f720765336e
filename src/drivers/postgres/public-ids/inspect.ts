import type { PublicIdColumn } from '../../../ports/checks.ts';
import type { PublicIdReader, PublicIdState } from '../../../ports/public-ids.ts';
import type { Connection } from '../connection.ts';
import { ident, literal } from '../text.ts';

export function openPublicIds(connect: () => Promise<Connection>): PublicIdReader {
  return {
    steps: ['unique', 'guard', 'require', 'form'],
    inspect: async (column) => inspect(await connect(), column),
  };
}

/** Name of the table as a literal for `to_regclass`: without a schema the search path decides. */
export function regclass({ schema, table }: PublicIdColumn): string {
  const name = schema === undefined ? ident(table) : `${ident(schema)}.${ident(table)}`;
  return `pg_catalog.to_regclass(${literal(name)})`;
}

export async function inspect(
  connection: Connection,
  column: PublicIdColumn,
): Promise<PublicIdState> {
  const none = { missing: 0, unique: false, required: false, formed: false };
  const [result] = await connection.simple(`
    select n.nspname, t.relkind, a.attname, a.atttypid in (25, 1042, 1043), a.attnotnull,
      exists (select 1 from pg_catalog.pg_index i where i.indrelid = t.oid and i.indisunique
        and i.indisvalid and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
        and (i.indpred is null or pg_catalog.pg_get_expr(i.indpred, i.indrelid)
          = pg_catalog.format('(%I IS NOT NULL)', a.attname))),
      exists (select 1 from pg_catalog.pg_constraint c where c.conrelid = t.oid and c.contype = 'c'
        and c.convalidated and c.conkey = array[a.attnum]
        and pg_catalog.strpos(pg_catalog.pg_get_constraintdef(c.oid), ${literal(`'^${column.prefix}_`)}) > 0)
    from pg_catalog.pg_class t
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    left join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0
      and not a.attisdropped and a.attname = ${literal(column.column)}
    where t.oid = ${regclass(column)}`);
  const [row] = result?.rows ?? [];
  if (!row) return { ...none, found: 'no-table' };
  const [schema, kind, name, isText, notNull, unique, formed] = row;
  const place = schema === null ? {} : { schema };
  if (kind !== 'r') return { ...none, ...place, found: 'not-a-table' };
  if (name === null) return { ...none, ...place, found: 'no-column' };
  if (isText !== 't') return { ...none, ...place, found: 'wrong-type' };
  const required = notNull === 't';
  return {
    ...place,
    found: 'ready',
    missing: required ? 0 : await countMissing(connection, { ...column, ...place }),
    unique: unique === 't',
    required,
    formed: formed === 't',
  };
}

async function countMissing(
  connection: Connection,
  { schema, table, column }: PublicIdColumn,
): Promise<number> {
  const from = schema === undefined ? ident(table) : `${ident(schema)}.${ident(table)}`;
  const [result] = await connection.simple(
    `select pg_catalog.count(*) from ${from} where ${ident(column)} is null`,
  );
  return Number(result?.rows[0]?.[0] ?? 0);
}
