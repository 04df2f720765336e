import type { Expectation } from '../../../ports/checks.ts';
import type { Connection } from '../connection.ts';
import { literal } from '../text.ts';

/** What the catalogs know of one expectation. */
export interface Facts {
  readonly roleExists: boolean;
  /** Undefined when there is no such table, or none on the search path. */
  readonly table: { readonly schema: string; readonly name: string } | undefined;
  readonly schemaUsage: boolean;
  /** The right itself, on the table or, but for delete, on one of its columns. */
  readonly right: boolean;
  readonly selectRight: boolean;
  readonly policies: readonly Policy[];
}

/** A policy that applies to the role and the action. */
export interface Policy {
  readonly name: string;
  readonly permissive: boolean;
  readonly using: string | undefined;
  readonly check: string | undefined;
}

const COMMANDS = { select: 'r', insert: 'a', update: 'w', delete: 'd' } as const;

/** Two questions for all expectations together, in their order. */
export async function readFacts(
  connection: Connection,
  expectations: readonly Expectation[],
): Promise<Facts[]> {
  const wanted = `with e (i, role, sch, tbl, action, cmd) as (values ${expectations
    .map(
      ({ role, schema, table, action }, i) =>
        `(${i},${literal(role)},${literal(schema)}::text,${literal(table)},${literal(action)},${literal(COMMANDS[action])}::"char")`,
    )
    .join(',')}),
    t as (select e.*, r.oid as role_oid, c.oid as table_oid, n.oid as schema_oid, n.nspname, c.relname
      from e left join pg_catalog.pg_roles r on r.rolname = e.role
      left join (pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
        on c.relname = e.tbl and c.relkind in ('r','p','v','m','f')
        and case when e.sch is null then pg_catalog.pg_table_is_visible(c.oid) else n.nspname = e.sch end)`;
  const [facts, policies] = await connection.simple(
    `${wanted} select i, role_oid is not null, nspname, relname,
      coalesce(pg_catalog.has_schema_privilege(role_oid, schema_oid, 'usage'), false),
      coalesce(pg_catalog.has_table_privilege(role_oid, table_oid, action) or (action <> 'delete'
        and pg_catalog.has_any_column_privilege(role_oid, table_oid,
          case action when 'delete' then 'select' else action end)), false),
      coalesce(pg_catalog.has_any_column_privilege(role_oid, table_oid, 'select'), false)
    from t order by i;
    ${wanted} select t.i, p.polname, p.polpermissive,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
    from t join pg_catalog.pg_policy p on p.polrelid = t.table_oid and p.polcmd in ('*', t.cmd)
    where exists (select 1 from pg_catalog.unnest(p.polroles) m (role)
      where m.role = 0 or pg_catalog.pg_has_role(t.role_oid, m.role, 'usage'))
    order by t.i, p.polname`,
  );
  return expectations.map((_, i) => {
    const own = facts?.rows.find(([place]) => Number(place) === i) ?? [];
    const [, role, schema, name, usage, right, select] = own;
    return {
      roleExists: role === 't',
      table: schema == null || name == null ? undefined : { schema, name },
      schemaUsage: usage === 't',
      right: right === 't',
      selectRight: select === 't',
      policies: (policies?.rows ?? [])
        .filter(([place]) => Number(place) === i)
        .map(([, policy, permissive, using, check]) => ({
          name: policy ?? '',
          permissive: permissive === 't',
          using: using ?? undefined,
          check: check ?? undefined,
        })),
    };
  });
}

/** What a row must be like, by all the policies together; undefined when none lets any in. */
export function combine(
  policies: readonly Policy[],
  conditionOf: (policy: Policy) => string | undefined,
): string | undefined {
  const conditions = (permissive: boolean): string[] =>
    policies
      .filter((policy) => policy.permissive === permissive)
      .flatMap((policy) => conditionOf(policy) ?? [])
      .map((condition) => `(${condition})`);
  const permissive = conditions(true);
  if (permissive.length === 0) return undefined;
  return [`(${permissive.join(' or ')})`, ...conditions(false)].join(' and ');
}
