import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { Piece } from './piece.ts';
import { notMember, query } from './rows.ts';

export interface IndexRow {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly bare: string;
  readonly def: string;
  readonly valid: string;
  readonly clustered: string;
  readonly replica: string;
  /** The partitioned index that it is a part of. */
  readonly parent: string | null;
  /** Made by a constraint. */
  readonly constrained: string;
  readonly statistics: string | null;
  readonly options: string | null;
}

export const INDEXES = query<IndexRow>(
  ({ schemas }) => `select i.indexrelid as oid, i.indrelid as relation,
    format('%I.%I', n.nspname, c.relname) as name, quote_ident(c.relname) as bare,
    case when k.oid is null then pg_get_indexdef(i.indexrelid) else '' end as def, (i.indisvalid or c.relkind = 'I')::text as valid,
    i.indisclustered as clustered, i.indisreplident as replica,
    (select h.inhparent from pg_inherits h where h.inhrelid = c.oid) as parent,
    (k.oid is not null)::text as constrained,
    to_json(c.reloptions) as options,
    case when i.indexprs is not null then (select json_agg(json_build_array(a.attnum, a.attstattarget) order by a.attnum) from pg_attribute a
      where a.attrelid = c.oid and a.attstattarget >= 0) end as statistics
  from pg_index i join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_constraint k on k.conindid = c.oid and k.conrelid = i.indrelid
    and k.contype in ('p', 'u', 'x')
  where n.oid in (${schemas}) and ${notMember('pg_class', 'i.indrelid')}`,
);

export function indexes(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.indexes.flatMap((row): Piece[] => {
    const relation = reading.tables.get(row.relation) ?? reading.views.get(row.relation);
    if (relation === undefined) return [];
    const made =
      row.constrained === 'true' || row.valid !== 'true' ? [] : [index(row, relation, reading)];
    return [...made, ...attached(row, relation, reading)];
  });
}

function index(row: IndexRow, relation: { name: string; oid: string }, reading: Reading): Piece {
  const statistics = JSON.parse(row.statistics ?? '[]') as [number, number][];
  const materialized = reading.views.has(row.relation);
  return {
    kind: 'index',
    name: row.name,
    of: relation.name,
    section: 'post-data',
    means: [`pg_class:${row.oid}`],
    needs: [`pg_class:${row.relation}`],
    statements: [
      row.def,
      ...statistics.map(
        ([column, target]) =>
          `ALTER INDEX ${row.name} ALTER COLUMN ${column} SET STATISTICS ${target}`,
      ),
      ...(row.clustered === 't'
        ? [
            `ALTER ${materialized ? 'MATERIALIZED VIEW' : 'TABLE'} ${relation.name} CLUSTER ON ${row.bare}`,
          ]
        : []),
      ...(row.replica === 't'
        ? [`ALTER TABLE ONLY ${relation.name} REPLICA IDENTITY USING INDEX ${row.bare}`]
        : []),
      ...commentOn(reading.comments, `INDEX ${row.name}`, `pg_class:${row.oid}`),
    ],
  };
}

function attached(row: IndexRow, relation: { name: string }, reading: Reading): Piece[] {
  const parent = reading.indexes.get(row.parent ?? '');
  if (parent === undefined) return [];
  return [
    {
      kind: 'index partition',
      name: row.name,
      of: relation.name,
      section: 'post-data',
      means: [],
      needs: [`pg_class:${row.oid}`, `pg_class:${parent.oid}`],
      statements: [`ALTER INDEX ${parent.name} ATTACH PARTITION ${row.name}`],
    },
  ];
}

export interface StatisticsRow {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly def: string;
  readonly target: string | null;
}

export const STATISTICS = query<StatisticsRow>(
  ({
    schemas,
  }) => `select s.oid, s.stxrelid as relation, format('%I.%I', n.nspname, s.stxname) as name,
    pg_get_statisticsobjdef(s.oid) as def, nullif(s.stxstattarget, -1) as target
  from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
  where n.oid in (${schemas}) and ${notMember('pg_statistic_ext', 's.oid')}`,
);

export function statistics(catalog: Catalog, { comments, tables }: Reading): Piece[] {
  return catalog.statistics.map((row) => ({
    kind: 'statistics',
    name: row.name,
    of: tables.get(row.relation)?.name,
    section: 'post-data',
    means: [`pg_statistic_ext:${row.oid}`],
    needs: [`pg_class:${row.relation}`],
    statements: [
      row.def,
      ...(row.target === null ? [] : [`ALTER STATISTICS ${row.name} SET STATISTICS ${row.target}`]),
      ...commentOn(comments, `STATISTICS ${row.name}`, `pg_statistic_ext:${row.oid}`),
    ],
  }));
}
