import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident } from '../text.ts';
import { type CatalogCheck, text } from './catalog-check.ts';

/** Indexes that a broken CREATE INDEX CONCURRENTLY or REINDEX left behind. */
export const invalidIndexes: CatalogCheck = {
  code: CHECK_CODES.invalidIndex,
  sql: ({ ours }) => `select n.nspname, t.relname, c.relname
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_class t on t.oid = i.indrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not (i.indisvalid and i.indisready) and c.relkind = 'i' and ${ours}
      and not exists (select 1 from pg_catalog.pg_stat_progress_create_index p
        where p.index_relid = c.oid)
    order by 1, 2, 3`,
  finding([schema, table, index]) {
    const name = `${ident(text(schema))}.${ident(text(index))}`;
    // What REINDEX CONCURRENTLY left is a copy of an index that is still there.
    const copy = /_cc(new|old)\d*$/.test(text(index));
    return {
      where: { schema: text(schema), table: text(table), index: text(index) },
      message: `The index ${index} of ${table} is invalid: it costs every write and serves no query.`,
      fix: copy ? `drop index concurrently ${name}` : `reindex index concurrently ${name}`,
    };
  },
};
