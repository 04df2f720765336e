import { ident, literal, qualified } from '../text.ts';

export interface Column {
  readonly name: string;
  /** Quoted, behind the table's name. */
  readonly sql: string;
  /** For casts: without a length, which would cut or round. */
  readonly type: string;
  /** Computed by the server: cannot be set. */
  readonly generated: boolean;
  /** Numbered by the server, always: cannot be updated either. */
  readonly identity: boolean;
  /** `json`, `array` of some type, or any other. */
  readonly kind: 'json' | 'json-array' | 'array' | 'date' | 'timestamptz' | 'other';
  readonly notNull: boolean;
  readonly growing: boolean;
}

export interface Index {
  readonly columns: readonly string[];
  readonly primary: boolean;
  readonly unique: boolean;
}

/** Questions about a table, its columns and its indexes. */
export function catalogSql(target: string): string {
  const name = /"/.test(target) ? target : qualified(target);
  // As it is written, else as SQL would read it.
  const folded = /^[\w.$]+$/.test(target) ? `, pg_catalog.to_regclass(${literal(target)})` : '';
  const oid = `coalesce(pg_catalog.to_regclass(${literal(name)})${folded})`;
  return `select c.oid, n.nspname, c.relname, c.relkind,
  case when c.relkind = 'p' then (select coalesce(sum(greatest(l.reltuples, 0)), -1)
    from pg_catalog.pg_partition_tree(c.oid) p join pg_catalog.pg_class l on l.oid = p.relid where p.isleaf)
  else c.reltuples end,
  c.relpages, c.relhassubclass
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = ${oid};
select a.attname, pg_catalog.format_type(a.atttypid, -1), a.attgenerated <> '', a.attnotnull,
  t.typname, t.typcategory, e.typname,
  a.attidentity <> '' or coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~* '^(nextval|(pg_catalog[.])?uuidv7)[(]', false),
  b.typname, a.attidentity = 'a'
from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type e on e.oid = t.typelem
left join pg_catalog.pg_type b on b.oid = t.typbasetype
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped order by a.attnum;
select i.indisprimary, i.indisunique and i.indpred is null and i.indisvalid,
  (select pg_catalog.json_agg(a.attname order by k.place)
    from pg_catalog.unnest(i.indkey::int2[]) with ordinality k(num, place)
    left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
    where k.place <= i.indnkeyatts)
from pg_catalog.pg_index i where i.indrelid = ${oid} and i.indisvalid order by i.indisprimary desc, i.indexrelid`;
}

export function toColumn(row: readonly (string | null)[], alias: string): Column {
  const [
    name = '',
    type = '',
    generated,
    notNull,
    typname,
    category,
    element,
    growing,
    base,
    identity,
  ] = row;
  const plain = base ?? typname;
  const kind =
    plain === 'json' || plain === 'jsonb'
      ? 'json'
      : category === 'A'
        ? element === 'json' || element === 'jsonb'
          ? 'json-array'
          : 'array'
        : plain === 'date' || plain === 'timestamptz'
          ? plain
          : 'other';
  return {
    name: name ?? '',
    sql: `${alias}.${ident(name ?? '')}`,
    type: type ?? '',
    generated: generated === 't',
    identity: identity === 't',
    notNull: notNull === 't',
    kind,
    growing: growing === 't',
  };
}

export function toIndex([primary, unique, columns]: readonly (string | null)[]): Index {
  return {
    primary: primary === 't',
    unique: unique === 't',
    // An expression has no column.
    columns: (JSON.parse(columns ?? '[]') as (string | null)[]).map((name) => name ?? ''),
  };
}
