import type { Connection } from '../connection.ts';
import { ident } from '../text.ts';
import { type Extent, nameArray } from './extent.ts';

/** SQL that makes something again, and the table it hangs on, quoted, where it is on one. */
export interface Attachment {
  readonly sql: string;
  readonly to: string | undefined;
}

/**
 * What is outside of the schemas and hangs on something inside, so that dropping them
 * drops it too: as SQL that makes it again, in an order that works. Supabase projects have
 * triggers on `auth.users` and policies on `storage.objects` that call functions of `public`.
 *
 * @param events event triggers too, where the dump itself leaves them out
 */
export async function readAttachments(
  connection: Connection,
  extent: Extent,
  { events }: { readonly events: boolean },
): Promise<Attachment[]> {
  const inside = `any (${nameArray(extent.managed)})`;
  const outside = `all (${nameArray(extent.managed)})`;
  const questions = [casts, foreignKeys, triggers, policies, ...(events ? [eventTriggers] : [])];
  const results = await connection.simple(questions.map((sql) => sql(inside, outside)).join(';'));
  const found = results.flatMap(({ rows }) =>
    rows.map(([sql, to]) => ({ sql: String(sql), to: to ?? undefined })),
  );
  return [...found, ...(await readPublications(connection, inside))];
}

const schemaOf = (oid: string): string =>
  `(select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n
    on n.oid = c.relnamespace where c.oid = ${oid})`;
const functionSchemaOf = (oid: string): string =>
  `(select n.nspname from pg_catalog.pg_proc p join pg_catalog.pg_namespace n
    on n.oid = p.pronamespace where p.oid = ${oid})`;
/** Whole names also where a search path would find the short one: it is empty here. */
const nameOf = (oid: string): string => `${oid}::pg_catalog.regclass::pg_catalog.text`;

const typeSchemaOf = (oid: string): string =>
  `(select n.nspname from pg_catalog.pg_type t join pg_catalog.pg_namespace n
    on n.oid = t.typnamespace where t.oid = ${oid})`;

/** They are in no schema, so that neither dump has them. */
const casts = (inside: string): string =>
  `select pg_catalog.format('CREATE CAST (%s AS %s) %s%s', pg_catalog.format_type(c.castsource, null),
      pg_catalog.format_type(c.casttarget, null), case c.castmethod
        when 'f' then 'WITH FUNCTION ' || c.castfunc::pg_catalog.regprocedure::pg_catalog.text
        when 'i' then 'WITH INOUT' else 'WITHOUT FUNCTION' end,
      case c.castcontext when 'a' then ' AS ASSIGNMENT' when 'i' then ' AS IMPLICIT' else '' end), null
    from pg_catalog.pg_cast c where (${typeSchemaOf('c.castsource')} = ${inside}
        or ${typeSchemaOf('c.casttarget')} = ${inside} or ${functionSchemaOf('c.castfunc')} = ${inside})
      and not exists (select 1 from pg_catalog.pg_depend e where e.objid = c.oid
        and e.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass and e.deptype in ('e', 'i'))
    order by c.oid`;

const foreignKeys = (inside: string, outside: string): string =>
  `select pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', ${nameOf('k.conrelid')},
      k.conname, pg_catalog.pg_get_constraintdef(k.oid)), ${nameOf('k.conrelid')}
    from pg_catalog.pg_constraint k where k.contype = 'f' and k.conparentid = 0
      and ${schemaOf('k.conrelid')} <> ${outside} and ${schemaOf('k.confrelid')} = ${inside}
    order by k.oid`;

const triggers = (inside: string, outside: string): string =>
  `select pg_catalog.pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else
      pg_catalog.format(E';\\nALTER TABLE %s %s TRIGGER %I', ${nameOf('t.tgrelid')},
        case t.tgenabled when 'D' then 'DISABLE' when 'R' then 'ENABLE REPLICA' else 'ENABLE ALWAYS' end,
        t.tgname) end, ${nameOf('t.tgrelid')}
    from pg_catalog.pg_trigger t where not t.tgisinternal
      and ${schemaOf('t.tgrelid')} <> ${outside} and ${functionSchemaOf('t.tgfoid')} = ${inside}
    order by t.oid`;

const policies = (inside: string, outside: string): string =>
  `select pg_catalog.format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname,
      ${nameOf('p.polrelid')}, case when p.polpermissive then 'PERMISSIVE' else 'RESTRICTIVE' end,
      case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'
        when 'd' then 'DELETE' else 'ALL' end,
      (select pg_catalog.string_agg(case when r = 0 then 'PUBLIC'
          else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) end, ', ')
        from pg_catalog.unnest(p.polroles) r))
      || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '')
      || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),
      ${nameOf('p.polrelid')}
    from pg_catalog.pg_policy p where ${schemaOf('p.polrelid')} <> ${outside}
      and exists (select 1 from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = p.oid
          and (${schemaOf('d.refobjid')} = ${inside} or ${functionSchemaOf('d.refobjid')} = ${inside}))
    order by p.oid`;

const eventTriggers = (inside: string): string =>
  `select pg_catalog.format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname,
      e.evtevent, coalesce((select pg_catalog.format(' WHEN TAG IN (%s)',
        pg_catalog.string_agg(pg_catalog.quote_literal(tag), ', '))
        from pg_catalog.unnest(e.evttags) tag), ''),
      e.evtfoid::pg_catalog.regproc::pg_catalog.text), null
    from pg_catalog.pg_event_trigger e where ${functionSchemaOf('e.evtfoid')} = ${inside}
    order by e.oid`;

/** Tables leave the publications they are in when they are dropped. */
async function readPublications(connection: Connection, inside: string): Promise<Attachment[]> {
  const version = await serverVersion(connection);
  // Row filters and column lists came with 15, whole schemas too.
  const filter =
    version < 150_000
      ? "''"
      : `coalesce((select ' (' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
            order by a.attnum) || ')'
          from pg_catalog.pg_attribute a where a.attrelid = r.prrelid
            and a.attnum = any (r.prattrs::pg_catalog.int2[])), '')
        || coalesce(' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')', '')`;
  const tables = `select pg_catalog.format('ALTER PUBLICATION %I ADD TABLE ONLY %s', p.pubname,
        ${nameOf('r.prrelid')}) || ${filter}
      from pg_catalog.pg_publication_rel r join pg_catalog.pg_publication p on p.oid = r.prpubid
      where ${schemaOf('r.prrelid')} = ${inside} order by r.oid`;
  const schemas = `select pg_catalog.format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I',
        p.pubname, n.nspname)
      from pg_catalog.pg_publication_namespace r
      join pg_catalog.pg_publication p on p.oid = r.pnpubid
      join pg_catalog.pg_namespace n on n.oid = r.pnnspid
      where n.nspname = ${inside} order by r.oid`;
  const makes = `select pg_catalog.format('DO $godwit$ BEGIN
IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_publication WHERE pubname = %L) THEN
  CREATE PUBLICATION %I WITH (publish = %L, publish_via_partition_root = %L);
END IF;
END $godwit$', p.pubname, p.pubname, pg_catalog.concat_ws(', ', case when pubinsert then 'insert' end,
        case when pubupdate then 'update' end, case when pubdelete then 'delete' end,
        case when pubtruncate then 'truncate' end), p.pubviaroot::pg_catalog.text)
      from pg_catalog.pg_publication p where not p.puballtables and exists (
        select 1 from pg_catalog.pg_publication_rel r
        where r.prpubid = p.oid and ${schemaOf('r.prrelid')} = ${inside}) order by p.oid`;
  const all = version < 150_000 ? [makes, tables] : [makes, tables, schemas];
  const results = await connection.simple(all.join(';'));
  return results.flatMap(({ rows }) => rows.map(([sql]) => ({ sql: String(sql), to: undefined })));
}

/** Such as 150018. */
export async function serverVersion(connection: Connection): Promise<number> {
  const [result] = await connection.simple('show server_version_num');
  return Number(result?.rows[0]?.[0]);
}

/**
 * Rights on the schemas. pg_dump leaves out those that a new database's `public` has from
 * the start, and a schema that was dropped does not.
 */
export async function readSchemaGrants(
  connection: Connection,
  { managed }: Extent,
): Promise<string[]> {
  const [result] = await connection.simple(
    `select n.nspname, case when a.grantee = 0 then null else pg_catalog.pg_get_userbyid(a.grantee) end,
        a.privilege_type, a.is_grantable
      from pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
      where n.nspname = any (${nameArray(managed)}) order by 1, 2, 3`,
  );
  return (result?.rows ?? []).map(([schema, grantee, privilege, grantable]) => {
    const to = grantee == null ? 'PUBLIC' : ident(grantee);
    const option = grantable === 't' ? ' WITH GRANT OPTION' : '';
    return `GRANT ${privilege} ON SCHEMA ${ident(String(schema))} TO ${to}${option}`;
  });
}
