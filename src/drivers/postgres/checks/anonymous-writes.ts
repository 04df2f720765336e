import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident, literal } from '../text.ts';
import { ANONYMOUS, type CatalogCheck, text } from './catalog-check.ts';

/** What a policy asks about who is asking: for nobody's login its answer is no. */
const ASKS_WHO = String.raw`auth\.(uid|jwt|role|email)\(|request\.jwt|current_user|session_user|current_role`;

/**
 * Permissive policies by which `anon` may insert, update or delete, where it has the right
 * to. A policy for everybody that asks who is asking is not meant for `anon`.
 */
export const anonymousWrites: CatalogCheck = {
  code: CHECK_CODES.anonymousWrite,
  sql: ({ ours }) => `select n.nspname, t.relname, p.polname, w.actions
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class t on t.oid = p.polrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    join pg_catalog.pg_roles r on r.rolname = ${literal(ANONYMOUS)}
    cross join lateral (
      select pg_catalog.string_agg(x.action, ', ' order by x.place) as actions
      from (values (1, 'a', 'insert'), (2, 'w', 'update'), (3, 'd', 'delete')) x (place, cmd, action)
      where p.polcmd in ('*', x.cmd::"char")
        and (pg_catalog.has_table_privilege(r.oid, t.oid, x.action) or (x.action <> 'delete'
          and pg_catalog.has_any_column_privilege(r.oid, t.oid,
            case when x.action = 'delete' then 'update' else x.action end)))) w
    where p.polpermissive and t.relrowsecurity and w.actions is not null and ${ours}
      and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
      and (r.oid = any (p.polroles) or exists (
        select 1 from pg_catalog.unnest(p.polroles) m (role)
        where (m.role = 0 or pg_catalog.pg_has_role(r.oid, m.role, 'usage'))
          and coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') ||
            coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') !~* ${literal(ASKS_WHO)}))
      and coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
        pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') <> 'false'
    order by 1, 2, 3`,
  finding([schema, table, policy, actions]) {
    const name = `${ident(text(schema))}.${ident(text(table))}`;
    return {
      where: { schema: text(schema), table: text(table), policy: text(policy), role: ANONYMOUS },
      message: `By the policy "${policy}" of ${table}, ${ANONYMOUS} may ${actions} without logging in.`,
      fix: `alter policy ${ident(text(policy))} on ${name} to authenticated`,
    };
  },
};
