import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident } from '../text.ts';
import { type CatalogCheck, text } from './catalog-check.ts';

/** Foreign keys whose columns lead no index: deleting what they refer to reads the table. */
export const foreignKeyIndexes: CatalogCheck = {
  code: CHECK_CODES.foreignKeyIndex,
  sql: ({ ours }) => `select n.nspname, t.relname, k.conname, t.relkind = 'p',
      (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by u.place)
        from pg_catalog.unnest(k.conkey) with ordinality u (attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum),
      (select a.attname from pg_catalog.pg_attribute a
        where a.attrelid = k.conrelid and a.attnum = k.conkey[1]),
      k.confrelid::pg_catalog.regclass
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class t on t.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where k.contype = 'f' and k.conparentid = 0 and ${ours}
      and not exists (select 1 from pg_catalog.pg_index i
        where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
          and i.indnkeyatts >= pg_catalog.cardinality(k.conkey)
          and (i.indkey::smallint[])[0:pg_catalog.cardinality(k.conkey) - 1] @> k.conkey)
    order by 1, 2, 3`,
  finding([schema, table, constraint, partitioned, columns, column, target]) {
    const build = partitioned === 't' ? 'create index' : 'create index concurrently';
    return {
      where: {
        schema: text(schema),
        table: text(table),
        column: text(column),
        constraint: text(constraint),
      },
      message: `No index begins with ${columns} of ${table}, which refers to ${target}: deleting there reads all of ${table}.`,
      fix: `${build} on ${ident(text(schema))}.${ident(text(table))} (${columns})`,
    };
  },
};
