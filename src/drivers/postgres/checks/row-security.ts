import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident, literal } from '../text.ts';
import { ANONYMOUS, type CatalogCheck, notOfExtension, text } from './catalog-check.ts';

/** Tables that an API shows, whole, to everybody who has the right. */
export const tablesWithoutRowSecurity: CatalogCheck = {
  code: CHECK_CODES.rlsDisabled,
  sql: ({ exposed }) => `select n.nspname, t.relname,
      exists (select 1 from pg_catalog.pg_policy p where p.polrelid = t.oid),
      (select pg_catalog.string_agg(x.action, ', ' order by x.place)
        from pg_catalog.pg_roles r,
          (values (1, 'select'), (2, 'insert'), (3, 'update'), (4, 'delete')) x (place, action)
        where r.rolname = ${literal(ANONYMOUS)}
          and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
          and pg_catalog.has_table_privilege(r.oid, t.oid, x.action))
    from pg_catalog.pg_class t
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where t.relkind in ('r', 'p') and not t.relrowsecurity and ${exposed} and ${notOfExtension('t.oid')}
    order by 1, 2`,
  finding([schema, table, policies, rights]) {
    const who = rights ? ` ${ANONYMOUS} may ${rights} there.` : '';
    const unused = policies === 't' ? ' Its policies have no effect.' : '';
    return {
      where: { schema: text(schema), table: text(table) },
      message: `${table} is in a schema that an API shows, and has no row level security.${unused}${who}`,
      fix: `alter table ${ident(text(schema))}.${ident(text(table))} enable row level security`,
    };
  },
};

/** Row level security that lets nobody in. */
export const rowSecurityWithoutPolicy: CatalogCheck = {
  code: CHECK_CODES.rlsWithoutPolicy,
  sql: ({ ours }) => `select n.nspname, t.relname
    from pg_catalog.pg_class t
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where t.relkind in ('r', 'p') and t.relrowsecurity and ${ours} and ${notOfExtension('t.oid')}
      and not exists (select 1 from pg_catalog.pg_policy p where p.polrelid = t.oid)
    order by 1, 2`,
  finding([schema, table]) {
    const name = `${ident(text(schema))}.${ident(text(table))}`;
    return {
      where: { schema: text(schema), table: text(table) },
      message: `${table} has row level security and no policy: only its owner sees a row.`,
      fix: `create policy ${ident(`${table}_select`)} on ${name} for select to authenticated using (…)`,
    };
  },
};
