import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident } from '../text.ts';
import { type CatalogCheck, text } from './catalog-check.ts';

/**
 * Indexes that answer exactly what another one answers. The one that a constraint or a
 * foreign key stands on is kept, then the unique one, then the first by name.
 */
export const duplicateIndexes: CatalogCheck = {
  code: CHECK_CODES.duplicateIndex,
  sql: ({ ours }) => `with candidates as (
      select n.nspname, t.relname as table_name, c.relname as index_name, k.conname,
        pg_catalog.row_number() over same as place,
        pg_catalog.first_value(c.relname) over same as kept,
        pg_catalog.first_value(i.indisunique) over same as kept_unique, i.indisunique
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_class t on t.oid = i.indrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_constraint k on k.conindid = c.oid and k.contype in ('p', 'u', 'x')
      where i.indisvalid and ${ours}
        and not exists (select 1 from pg_catalog.pg_inherits h where h.inhrelid = c.oid)
      window same as (
        partition by i.indrelid, c.relam, i.indnkeyatts, i.indkey::text, i.indclass::text,
          i.indcollation::text, i.indoption::text, pg_catalog.to_jsonb(i)->>'indnullsnotdistinct',
          pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)
        order by k.contype = 'p' desc nulls last, k.contype is null,
          not exists (select 1 from pg_catalog.pg_constraint f
            where f.conindid = c.oid and f.contype = 'f'),
          not i.indisunique, c.relname
        rows between unbounded preceding and unbounded following))
    select nspname, table_name, index_name, conname, kept from candidates
    where place > 1 and (kept_unique or not indisunique) order by 1, 2, 3`,
  finding([schema, table, index, constraint, kept]) {
    const at = ident(text(schema));
    return {
      where: { schema: text(schema), table: text(table), index: text(index) },
      message: `The index ${index} of ${table} is the same as ${kept}: it costs every write and adds nothing.`,
      fix:
        constraint === null
          ? `drop index concurrently ${at}.${ident(text(index))}`
          : `alter table ${at}.${ident(text(table))} drop constraint ${ident(text(constraint))}`,
    };
  },
};
