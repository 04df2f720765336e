import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { Piece } from './piece.ts';
import { changeOf } from './privileges.ts';
import { notMember, parseList, query } from './rows.ts';

export interface PolicyRow {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  /** r, a, w, d, or * for all. */
  readonly command: string;
  readonly permissive: string;
  readonly roles: string | null;
  readonly using: string | null;
  readonly check: string | null;
}

export const POLICIES = query<PolicyRow>(
  ({ schemas }) => `select p.oid, p.polrelid as relation, quote_ident(p.polname) as name,
    p.polcmd as command, p.polpermissive as permissive,
    (select json_agg(case when r.oid = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(r.oid)) end
      order by case when r.oid = 0 then 'PUBLIC' else pg_get_userbyid(r.oid)::text end collate "C")
      from unnest(p.polroles) as r (oid)) as roles,
    pg_get_expr(p.polqual, p.polrelid) as "using", pg_get_expr(p.polwithcheck, p.polrelid) as "check"
  from pg_policy p join pg_class c on c.oid = p.polrelid
  where c.relnamespace in (${schemas}) and ${notMember('pg_policy', 'p.oid')}`,
);

const COMMANDS: Readonly<Record<string, string>> = {
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
};

export function policies(catalog: Catalog, { tables, comments }: Reading): Piece[] {
  return catalog.policies.flatMap((row): Piece[] => {
    const table = tables.get(row.relation);
    if (table === undefined) return [];
    const roles = parseList(row.roles);
    const parts = [
      ...(row.permissive === 't' ? [] : ['AS RESTRICTIVE']),
      ...(COMMANDS[row.command] ? [`FOR ${COMMANDS[row.command]}`] : []),
      ...(roles.length === 1 && roles[0] === 'PUBLIC' ? [] : [`TO ${roles.join(', ')}`]),
      ...(row.using === null ? [] : [`USING (${row.using})`]),
      ...(row.check === null ? [] : [`WITH CHECK (${row.check})`]),
    ];
    return [
      {
        kind: 'policy',
        name: `${table.name}.${row.name}`,
        of: table.name,
        section: 'post-data',
        means: [`pg_policy:${row.oid}`],
        needs: [`pg_class:${row.relation}`],
        statements: [
          `CREATE POLICY ${row.name} ON ${table.name}${parts.map((part) => `\n  ${part}`).join('')}`,
          ...commentOn(comments, `POLICY ${row.name} ON ${table.name}`, `pg_policy:${row.oid}`),
        ],
      },
    ];
  });
}

export interface DefaultAclRow {
  readonly oid: string;
  readonly role: string;
  readonly schema: string | null;
  readonly type: string;
  readonly acl: string;
  readonly usual: string | null;
  readonly all: string;
}

/** Rights that new objects get. Those for all schemas begin with what everybody has. */
export const DEFAULT_PRIVILEGES = query<DefaultAclRow>(
  ({ schemas }) => `select d.oid, quote_ident(pg_get_userbyid(d.defaclrole)) as role,
    quote_ident(n.nspname) as schema, d.defaclobjtype as type, to_json(d.defaclacl::text[]) as acl,
    case when d.defaclnamespace = 0 then to_json(acldefault(
      case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)::text[]) end as usual,
    (select string_agg(distinct case a.privilege_type when 'SELECT' then 'r' when 'INSERT' then 'a'
        when 'UPDATE' then 'w' when 'DELETE' then 'd' when 'TRUNCATE' then 'D' when 'REFERENCES' then 'x'
        when 'TRIGGER' then 't' when 'MAINTAIN' then 'm' when 'EXECUTE' then 'X' when 'USAGE' then 'U'
        when 'CREATE' then 'C' end, '')
      from aclexplode(acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)) a
      where a.grantee = d.defaclrole) as "all"
  from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
  where d.defaclnamespace = 0 or d.defaclnamespace in (${schemas})`,
);

const OBJECTS: Readonly<Record<string, string>> = {
  r: 'TABLES',
  S: 'SEQUENCES',
  f: 'FUNCTIONS',
  T: 'TYPES',
  n: 'SCHEMAS',
  L: 'LARGE OBJECTS',
};

export function defaultPrivileges(catalog: Catalog, { options }: Reading): Piece[] {
  if (!options.grants) return [];
  return catalog.defaultPrivileges.flatMap((row): Piece[] => {
    const objects = OBJECTS[row.type];
    if (objects === undefined) return [];
    const where = row.schema === null ? '' : ` IN SCHEMA ${row.schema}`;
    const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${row.role}${where} `;
    const statements = changeOf(row.usual, row.acl, { on: objects, all: row.all }, prefix);
    if (statements.length === 0) return [];
    const name = `${row.role} ${row.schema === null ? '' : `in ${row.schema} `}on ${objects.toLowerCase()}`;
    return [
      {
        kind: 'default privileges',
        name,
        section: 'post-data',
        means: [`pg_default_acl:${row.oid}`],
        statements,
      },
    ];
  });
}
