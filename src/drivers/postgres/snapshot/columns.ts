import type { Reading } from './catalog.ts';
import { query } from './rows.ts';
import { type SequenceRow, sequenceOptions } from './sequences.ts';

export interface ColumnRow {
  readonly relation: string;
  readonly num: string;
  readonly name: string;
  readonly plain: string;
  readonly type: string;
  readonly collation: string | null;
  readonly notnull: string;
  readonly identity: string;
  readonly generated: string;
  readonly local: string;
  readonly inherited: string;
  /** Of `pg_attrdef`. */
  readonly defaultOid: string | null;
  readonly standard: string | null;
  readonly statistics: string | null;
  readonly storage: string | null;
  readonly compression: string | null;
  readonly options: string | null;
  readonly acl: string | null;
}

export const COLUMNS = query<ColumnRow>(
  ({ schemas, version }) => `select a.attrelid as relation, a.attnum as num,
    quote_ident(a.attname) as name, a.attname as plain,
    format_type(a.atttypid, a.atttypmod) as type,
    case when a.attcollation <> 0 and a.attcollation <> t.typcollation then
      (select format('%I.%I', cn.nspname, co.collname) from pg_collation co
        join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) end as collation,
    a.attnotnull as "notnull", a.attidentity as identity, a.attgenerated as generated,
    a.attislocal as local, a.attinhcount as inherited,
    d.oid as "defaultOid", pg_get_expr(d.adbin, d.adrelid) as standard,
    nullif(a.attstattarget, -1) as statistics,
    case when a.attstorage <> t.typstorage then a.attstorage end as storage,
    ${version < 140000 ? 'null' : "nullif(a.attcompression, '')"} as compression,
    to_json(a.attoptions) as options, to_json(a.attacl::text[]) as acl
  from pg_attribute a join pg_class c on c.oid = a.attrelid
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relnamespace in (${schemas}) and c.relkind in ('r', 'p', 'v', 'm', 'c', 'f')
    and a.attnum > 0 and not a.attisdropped
  order by a.attrelid, a.attnum`,
);

/** NOT NULL has names, and may be inherited or not yet valid, since PostgreSQL 18. */
export interface NotNullRow {
  readonly oid: string;
  readonly relation: string;
  readonly num: string;
  readonly name: string;
  readonly plain: string;
  readonly local: string;
  readonly noInherit: string;
  readonly valid: string;
}

export const NOT_NULLS = query<NotNullRow>(({ schemas, version }) =>
  version < 180000
    ? 'select 1 where false'
    : `select k.oid, k.conrelid as relation, k.conkey[1] as num, quote_ident(k.conname) as name,
    k.conname as plain, k.conislocal as local, k.connoinherit as "noInherit", k.convalidated as valid
  from pg_constraint k where k.contype = 'n' and k.connamespace in (${schemas})`,
);

/** What is needed of the table that a column stands in. */
export interface ColumnPlace {
  readonly oid: string;
  readonly relname: string;
  readonly partition: boolean;
}

/** A column as it stands in CREATE TABLE. */
export function columnDefinition(
  column: ColumnRow,
  place: ColumnPlace,
  reading: Reading,
  withDefault: boolean,
): string {
  const collation = column.collation ? [`COLLATE ${column.collation}`] : [];
  const rest = columnOptions(column, place, reading, withDefault);
  return [`${column.name} ${column.type}`, ...collation, ...rest].join(' ');
}

/** What is said of a column besides its type. */
export function columnOptions(
  column: ColumnRow,
  place: ColumnPlace,
  reading: Reading,
  withDefault: boolean,
): string[] {
  return [
    ...(withDefault ? defaultOf(column, place, reading) : []),
    ...notNullOf(column, place, reading),
  ];
}

/** Default, generation expression or identity. */
function defaultOf(column: ColumnRow, table: ColumnPlace, { identities }: Reading): string[] {
  if (column.generated !== '' && column.standard !== null) {
    const kept = column.generated === 's' ? 'STORED' : 'VIRTUAL';
    return [`GENERATED ALWAYS AS (${column.standard}) ${kept}`];
  }
  // A partition takes its parent's when it is attached.
  if (column.identity !== '' && !table.partition) {
    const when = column.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT';
    const sequence = identities.get(`${table.oid}:${column.num}`);
    const options = sequence ? identityOptions(sequence, table.relname, column.plain) : [];
    const shown = options.length > 0 ? ` (${options.join(' ')})` : '';
    return [`GENERATED ${when} AS IDENTITY${shown}`];
  }
  return column.standard === null || column.identity !== '' ? [] : [`DEFAULT ${column.standard}`];
}

function identityOptions(sequence: SequenceRow, table: string, column: string): string[] {
  const usual = `${table}_${column}_seq`;
  return [
    ...(sequence.relname === usual ? [] : [`SEQUENCE NAME ${sequence.name}`]),
    ...sequenceOptions(sequence),
  ];
}

function notNullOf(
  column: ColumnRow,
  table: ColumnPlace,
  { notNulls, version }: Reading,
): string[] {
  if (version < 180000) return column.notnull === 't' ? ['NOT NULL'] : [];
  const constraint = notNulls.get(`${table.oid}:${column.num}`);
  if (constraint === undefined || constraint.valid !== 't') return [];
  if (constraint.local !== 't' && !table.partition) return [];
  const named = constraint.plain !== `${table.relname}_${column.plain}_not_null`;
  const rest = constraint.noInherit === 't' ? ' NO INHERIT' : '';
  return [`${named ? `CONSTRAINT ${constraint.name} ` : ''}NOT NULL${rest}`];
}
