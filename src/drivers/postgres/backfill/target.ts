import { GodwitError } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill.ts';
import { ident, literal, qualified } from '../text.ts';
import type { Pool } from './pool.ts';

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

/** The table as the statements need it. */
export interface Target {
  /** The table of the ledgers, quoted. */
  readonly ledgers: string;
  readonly oid: string;
  /** Schema and name, quoted. */
  readonly table: string;
  /** The name alone, quoted: what columns are qualified with, as users do. */
  readonly alias: string;
  readonly columns: readonly Column[];
  readonly key: readonly Column[];
  readonly descending: boolean;
  /** New rows get greater keys. */
  readonly growing: boolean;
  readonly estimate: number;
  readonly rowBytes: number | undefined;
  readonly notes: readonly string[];
}

interface Index {
  readonly columns: readonly string[];
  readonly primary: boolean;
  readonly unique: boolean;
}

/**
 * Looks the table of a job up.
 *
 * @throws GodwitError GODWIT_BACKFILL_INVALID
 */
export async function readTarget(pool: Pool, ledgers: string, job: BackfillJob): Promise<Target> {
  const results = await pool.run(catalogSql(job.target));
  const [table, columnRows, indexRows] = results;
  const row = table?.rows[0];
  if (row === undefined) throw missing(job);
  const [oid = '', schema, name, kind, estimate, pages, hasChildren] = row;
  refuseKind(job, kind ?? '');
  const alias = ident(name ?? '');
  const columns = (columnRows?.rows ?? []).map((each) => toColumn(each, alias));
  const indexes = (indexRows?.rows ?? []).map(toIndex);
  const key = chooseKey(job, columns, indexes);
  const tuples = Number(estimate);
  return {
    ledgers,
    oid: oid ?? '',
    table: `${ident(schema ?? '')}.${alias}`,
    alias,
    columns,
    key,
    descending: job.order === 'descending',
    growing: key.length > 0 && key[0]?.growing === true,
    estimate: tuples,
    rowBytes: tuples > 0 ? Math.round((Number(pages) * 8192) / tuples) : undefined,
    notes: [
      ...(hasChildren === 't' && kind === 'r'
        ? ['tables inherit from this one: their rows are changed too, and their keys must differ']
        : []),
      ...indexNote(key, indexes),
    ],
  };
}

function catalogSql(target: string): string {
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

function toColumn(row: readonly (string | null)[], alias: string): Column {
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

function toIndex([primary, unique, columns]: readonly (string | null)[]): Index {
  return {
    primary: primary === 't',
    unique: unique === 't',
    // An expression has no column.
    columns: (JSON.parse(columns ?? '[]') as (string | null)[]).map((name) => name ?? ''),
  };
}

function chooseKey(
  job: BackfillJob,
  columns: readonly Column[],
  indexes: readonly Index[],
): Column[] {
  const names = job.key ?? indexes.find(({ primary }) => primary)?.columns;
  if (names === undefined) {
    throw invalid(job, `${job.target} has no primary key`, [
      'name the columns that identify a row: key: ["a", "b"] (unique, not null)',
      `or give it one: alter table ${job.target} add primary key (…)`,
    ]);
  }
  const key = names.map((name) => {
    const column = columns.find((each) => each.name === name);
    if (column === undefined) throw invalid(job, `${job.target} has no column ${name}`, []);
    return column;
  });
  const nullable = key.find(({ notNull }) => !notNull);
  if (nullable) {
    throw invalid(job, `The key's column ${nullable.name} may be null`, [
      `alter table ${job.target} alter column ${nullable.name} set not null`,
      'or use the primary key: leave key out',
    ]);
  }
  const isUnique = indexes.some(
    (index) => index.unique && index.columns.every((column) => names.includes(column)),
  );
  if (!isUnique) {
    throw invalid(job, `The key (${names.join(', ')}) is not unique`, [
      `create unique index concurrently on ${job.target} (${names.join(', ')})`,
      'or use the primary key: leave key out',
    ]);
  }
  return key;
}

function indexNote(key: readonly Column[], indexes: readonly Index[]): string[] {
  const found = indexes.some(({ columns }) => key.every(({ name }, at) => columns[at] === name));
  const list = key.map(({ name }) => name).join(', ');
  return found ? [] : [`no index begins with (${list}): each chunk has to look for its rows`];
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a type',
};

function refuseKind(job: BackfillJob, kind: string): void {
  if (kind === 'r' || kind === 'p') return;
  throw invalid(job, `${job.target} is ${KINDS[kind] ?? 'no table'}`, [
    kind === 'f' ? 'run the backfill on the server that has the table' : 'name the table itself',
  ]);
}

function missing(job: BackfillJob): GodwitError {
  return invalid(job, `There is no table ${job.target}`, [
    'write it with its schema, such as app.users',
    'or is the table made by a migration that has not run? godwit status',
  ]);
}

export function invalid(job: BackfillJob, what: string, next: readonly string[]): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_INVALID', `The backfill ${job.name}: ${what}.`, {
    state: 'Nothing was changed.',
    next,
  });
}
