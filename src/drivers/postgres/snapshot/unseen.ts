import { notMember, query } from './rows.ts';

export interface UnseenRow {
  readonly what: string;
  readonly names: string;
}

const list = (what: string, from: string, name: string): string =>
  `select '${what}' as what, string_agg(${name}, ', ' order by ${name}) as names from ${from} having count(*) > 0`;

/** Objects of people's own that a snapshot cannot take in: they are told, never passed over. */
export const UNSEEN = query<UnseenRow>(({ schemas }) =>
  [
    list(
      'operators',
      `pg_operator x join pg_namespace n on n.oid = x.oprnamespace where n.oid in (${schemas}) and ${notMember('pg_operator', 'x.oid')}`,
      "format('%I.%s', n.nspname, x.oprname)",
    ),
    list(
      'operator classes',
      `pg_opclass x join pg_namespace n on n.oid = x.opcnamespace where n.oid in (${schemas}) and ${notMember('pg_opclass', 'x.oid')}`,
      "format('%I.%I', n.nspname, x.opcname)",
    ),
    list(
      'base types',
      `pg_type x join pg_namespace n on n.oid = x.typnamespace where n.oid in (${schemas}) and x.typtype = 'b' and x.typelem = 0 and ${notMember('pg_type', 'x.oid')}`,
      "format('%I.%I', n.nspname, x.typname)",
    ),
    list(
      'casts',
      `pg_cast x where x.oid >= 16384 and not exists (select from pg_depend m where m.classid = 'pg_cast'::regclass and m.objid = x.oid and m.deptype in ('e', 'i'))`,
      "format('%s as %s', format_type(x.castsource, null), format_type(x.casttarget, null))",
    ),
    list(
      'foreign tables',
      `pg_class x join pg_namespace n on n.oid = x.relnamespace where n.oid in (${schemas}) and x.relkind = 'f' and ${notMember('pg_class', 'x.oid')}`,
      "format('%I.%I', n.nspname, x.relname)",
    ),
    list(
      'text search configurations',
      `pg_ts_config x join pg_namespace n on n.oid = x.cfgnamespace where n.oid in (${schemas}) and ${notMember('pg_ts_config', 'x.oid')}`,
      "format('%I.%I', n.nspname, x.cfgname)",
    ),
    list(
      'text search dictionaries',
      `pg_ts_dict x join pg_namespace n on n.oid = x.dictnamespace where n.oid in (${schemas}) and ${notMember('pg_ts_dict', 'x.oid')}`,
      "format('%I.%I', n.nspname, x.dictname)",
    ),
    list(
      'conversions',
      `pg_conversion x join pg_namespace n on n.oid = x.connamespace where n.oid in (${schemas}) and ${notMember('pg_conversion', 'x.oid')}`,
      "format('%I.%I', n.nspname, x.conname)",
    ),
    list(
      'foreign servers',
      `pg_foreign_server x where ${notMember('pg_foreign_server', 'x.oid')}`,
      'x.srvname::text',
    ),
    list(
      'publications',
      `pg_publication x where ${notMember('pg_publication', 'x.oid')}`,
      'x.pubname::text',
    ),
    list(
      'invalid indexes',
      `pg_index i join pg_class x on x.oid = i.indexrelid join pg_namespace n on n.oid = x.relnamespace where n.oid in (${schemas}) and not i.indisvalid and x.relkind = 'i'`,
      "format('%I.%I', n.nspname, x.relname)",
    ),
  ]
    .map((sql) => `(${sql})`)
    .join('\nunion all\n'),
);

export function unseenWarnings(rows: readonly UnseenRow[]): string[] {
  return rows.map(({ what, names }) => `Not taken in: ${what} ${names}.`);
}
