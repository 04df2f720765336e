import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { Piece } from './piece.ts';
import { changeOf } from './privileges.ts';
import { query } from './rows.ts';

export interface SchemaRow {
  readonly oid: string;
  readonly name: string;
  readonly plain: string;
  readonly acl: string | null;
  /** What it has when nobody said anything: of `public` that is more than of a new one. */
  readonly usual: string;
  readonly created: string;
  readonly owner: string;
  readonly standard: string | null;
}

export const SCHEMAS = query<SchemaRow>(
  ({ schemas, version }) => `select n.oid, quote_ident(n.nspname) as name, n.nspname as plain,
    to_json(coalesce(n.nspacl, acldefault('n', n.nspowner))::text[]) as acl,
    to_json(coalesce(i.initprivs, acldefault('n', n.nspowner) || case when n.nspname = 'public'
      then ('=${version < 150000 ? 'UC' : 'U'}/' || quote_ident(pg_get_userbyid(n.nspowner)))::aclitem end)::text[]) as usual,
    to_json(acldefault('n', n.nspowner)::text[]) as created,
    quote_ident(pg_get_userbyid(n.nspowner)) as owner,
    case when n.nspname = 'public' then 'standard public schema' end as standard
  from pg_namespace n
  left join pg_init_privs i on i.classoid = 'pg_namespace'::regclass and i.objoid = n.oid
    and i.objsubid = 0
  where n.oid in (${schemas})`,
);

/** `public` is in every new database, so only what was changed of it is a part of the schema. */
export function schemas(catalog: Catalog, { comments, options, recreate }: Reading): Piece[] {
  return catalog.schemas.flatMap((row): Piece[] => {
    const made = row.plain !== 'public' || recreate;
    const ref = `pg_namespace:${row.oid}`;
    const on = { on: `SCHEMA ${row.name}` };
    const comment = comments.get(`${ref}:0`);
    const said = comment !== row.standard || made;
    const statements = [
      ...(made ? [`CREATE SCHEMA ${row.name}`] : []),
      ...(options.owners && (made || row.owner !== 'pg_database_owner')
        ? [`ALTER SCHEMA ${row.name} OWNER TO ${row.owner}`]
        : []),
      ...(said ? commentOn(comments, `SCHEMA ${row.name}`, ref) : []),
      ...(options.grants ? changeOf(made ? row.created : row.usual, row.acl, on) : []),
    ];
    if (statements.length === 0) return [];
    return [{ kind: 'schema', name: row.name, section: 'pre-data', means: [ref], statements }];
  });
}

export interface ExtensionRow {
  readonly oid: string;
  readonly name: string;
  readonly schema: string;
  readonly managed: string;
}

export const EXTENSIONS = query<ExtensionRow>(
  ({ schemas }) => `select e.oid, quote_ident(e.extname) as name, quote_ident(n.nspname) as schema,
    (n.oid in (${schemas}) or n.nspname in ('pg_catalog', 'information_schema'))::text as managed
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql'`,
);

/** Its version is left to the server that is loaded into. */
export function extensions(catalog: Catalog): Piece[] {
  return catalog.extensions.map((row) => ({
    kind: 'extension',
    name: row.name,
    section: 'pre-data',
    means: [`pg_extension:${row.oid}`],
    statements: [
      ...(row.managed === 'true' ? [] : [`CREATE SCHEMA IF NOT EXISTS ${row.schema}`]),
      `CREATE EXTENSION IF NOT EXISTS ${row.name} WITH SCHEMA ${row.schema}`,
    ],
  }));
}
