import type { Dropped, ResetScope } from '../../ports/session.ts';
import type { Connection } from './connection.ts';
import { sqlError } from './errors.ts';
import { sendOwn } from './send.ts';
import { asReader, readerOffset, type Store } from './store.ts';
import { ident, literal } from './text.ts';
import { rollback, type Workplace } from './workplace.ts';

interface Found extends Dropped {
  readonly drop: string;
}

/** What stands in the schemas, without what an extension owns. Reads only. */
export async function listEverything(
  connection: Connection,
  store: Store,
  { schemas }: ResetScope,
): Promise<Dropped[]> {
  const found = await find(connection, store, schemas);
  return found.map(({ drop: _drop, ...dropped }) => dropped);
}

/**
 * All or nothing, in one transaction. The schemas themselves stay, with their owners and
 * grants; godwit's own goes as a whole.
 */
export async function dropEverything(place: Workplace, scope: ResetScope): Promise<Dropped[]> {
  const { connection, store, lock } = place;
  const found = await find(connection, store, scope.schemas);
  try {
    const before = await lock.begin(['set local lock_timeout=5000']);
    // Without `closing`: the row that it would prolong goes with the schema.
    await sendOwn(place, [...before, ...found.map(({ drop }) => drop), 'commit']);
  } catch (error) {
    await rollback(place);
    throw sqlError(error, undefined);
  }
  return found.map(({ drop: _drop, ...dropped }) => dropped);
}

async function find(
  connection: Connection,
  store: Store,
  schemas: readonly string[],
): Promise<Found[]> {
  const wanted = schemas.filter((name) => name !== store.schema);
  const list = wanted.length === 0 ? 'null' : wanted.map((name) => literal(name)).join(', ');
  const results = await connection.simple(asReader(store, `${query(list)};${own(store)}`));
  const at = readerOffset(store);
  const objects = results[at]?.rows ?? [];
  const records = results[at + 1]?.rows ?? [];
  return [...objects, ...records].map(([kind, name, count, signature]) => ({
    kind: kind ?? '',
    name: name ?? '',
    ...(count != null && { count: Math.max(0, Number(count)) }),
    // What another one's CASCADE took along is gone already.
    drop: `drop ${kind} if exists ${signature ?? name} cascade`,
  }));
}

function own(store: Store): string {
  return `select 'schema', ${literal(ident(store.schema))}, null, null
    from pg_catalog.pg_namespace where nspname = ${literal(store.schema)}`;
}

const NOT_OF_EXTENSION = (catalog: string, oid: string): string =>
  `not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
    and d.objid = ${oid} and d.deptype in ('e', 'i'))`;

/** Kind, name, rows, and what tells it apart from others of its name. */
function query(schemas: string): string {
  const name = (of: string) => `pg_catalog.format('%I.%I', n.nspname, ${of})`;
  const inside = `n.nspname in (${schemas})`;
  return `
    select * from (
      select case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
          when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end as kind,
        ${name('c.relname')} as name,
        case when c.relkind in ('r', 'm') then c.reltuples::bigint end as count, null as signature,
        case c.relkind when 'v' then 1 when 'm' then 1 when 'S' then 3 else 2 end as place
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${inside} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and not c.relispartition
        and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}
        and not exists (select 1 from pg_catalog.pg_depend a where a.objid = c.oid and a.deptype = 'a'
          and a.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.relkind = 'S')
      union all
      select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
        ${name('p.proname')}, null, p.oid::pg_catalog.regprocedure::text, 4
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where ${inside} and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}
      union all
      select case t.typtype when 'd' then 'domain' else 'type' end, ${name('t.typname')}, null, null, 5
      from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
      where ${inside} and t.typelem = 0 and ${NOT_OF_EXTENSION('pg_type', 't.oid')}
        and (t.typtype in ('d', 'e', 'r') or (t.typtype = 'c' and exists (
          select 1 from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c')))
    ) found order by place, name`;
}
