import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident } from '../text.ts';
import { type CatalogCheck, text } from './catalog-check.ts';

/** Constraints that were added NOT VALID, and hold for new rows only. */
export const unvalidatedConstraints: CatalogCheck = {
  code: CHECK_CODES.unvalidatedConstraint,
  sql: ({ ours }) => `select n.nspname, t.relname, k.conname
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class t on t.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where not k.convalidated and k.conparentid = 0 and ${ours}
      and coalesce(pg_catalog.to_jsonb(k)->>'conenforced', 'true') = 'true'
    order by 1, 2, 3`,
  finding([schema, table, constraint]) {
    return {
      where: { schema: text(schema), table: text(table), constraint: text(constraint) },
      message: `The constraint ${constraint} of ${table} was never validated: rows from before it may break it.`,
      fix: `alter table ${ident(text(schema))}.${ident(text(table))} validate constraint ${ident(text(constraint))}`,
    };
  },
};
