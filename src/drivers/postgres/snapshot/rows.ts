/** A row as the simple protocol gives it: every value as text. */
export type Row = Readonly<Record<string, string | null>>;

export type Flag = 't' | 'f';

/** What the catalogs are asked about. */
export interface Scope {
  /** `server_version_num`, such as 180004. */
  readonly version: number;
  /** Oids of the schemas that are taken in, as an SQL list; never empty. */
  readonly schemas: string;
}

/** A question to the catalogs, with the shape of its rows. */
export interface Query<R> {
  readonly sql: (scope: Scope) => string;
  /** Only in the type: what a row looks like. */
  readonly row?: R;
}

export function query<R>(sql: (scope: Scope) => string): Query<R> {
  return { sql };
}

/** SQL: not a member of an extension, which makes it by itself. */
export function notMember(catalog: string, oid: string): string {
  return `not exists (select from pg_depend m where m.classid = '${catalog}'::regclass and m.objid = ${oid} and m.deptype = 'e')`;
}

/** Columns for grants: what stands there, and what stands there when nothing was said. */
export function aclColumns(acl: string, owner: string, type: string): string {
  return `case when ${acl} is not null then to_json(${acl}::text[]) end as acl,
    case when ${acl} is not null then to_json(acldefault('${type}', ${owner})::text[]) end as usual,
    quote_ident(pg_get_userbyid(${owner})) as owner`;
}

export interface Owned {
  readonly acl: string | null;
  readonly usual: string | null;
  readonly owner: string;
}

export function parseList(json: string | null): string[] {
  return json === null ? [] : (JSON.parse(json) as string[]);
}
