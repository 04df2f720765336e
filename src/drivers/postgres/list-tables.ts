import type { Connection } from './connection.ts';
import type { Store } from './store.ts';
import { literal } from './text.ts';

export interface Table {
  readonly name: string;
  /** Quoted. */
  readonly sql: string;
}

/** Tables with rows of their own, but for those of the system, of extensions and of godwit. */
export async function listTables(connection: Connection, store: Store): Promise<Table[]> {
  const [result] = await connection.simple(
    `select pg_catalog.format('%s.%s', n.nspname, c.relname),
        pg_catalog.format('%I.%I', n.nspname, c.relname)
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', ${literal(store.schema)})
        and not exists (select 1 from pg_catalog.pg_depend e where e.deptype = 'e'
          and e.objid = c.oid and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
      order by 1`,
  );
  return (result?.rows ?? []).map(([name, sql]) => ({ name: String(name), sql: String(sql) }));
}
