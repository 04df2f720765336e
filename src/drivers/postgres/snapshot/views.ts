import { settingOf } from './alter-column.ts';
import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import { list, type Piece } from './piece.ts';
import { relationStatements } from './relation.ts';
import { aclColumns, notMember, type Owned, parseList, query } from './rows.ts';

export interface ViewRow extends Owned {
  readonly oid: string;
  readonly name: string;
  /** v view, m materialised. */
  readonly relkind: string;
  readonly type: string;
  readonly array: string;
  readonly options: string | null;
  readonly method: string | null;
  readonly populated: string;
  /** Of `pg_rewrite`. */
  readonly rule: string;
  readonly def: string;
}

export const VIEWS = query<ViewRow>(
  ({ schemas }) => `select c.oid, format('%I.%I', n.nspname, c.relname) as name, c.relkind,
    c.reltype as type, t.typarray as array, to_json(c.reloptions) as options,
    (select quote_ident(am.amname) from pg_am am where am.oid = c.relam and am.amname <> 'heap') as method,
    c.relispopulated as populated, r.oid as rule, pg_get_viewdef(c.oid) as def,
    ${aclColumns('c.relacl', 'c.relowner', 'r')}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_type t on t.oid = c.reltype
  join pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN'
  where n.oid in (${schemas}) and c.relkind in ('v', 'm') and ${notMember('pg_class', 'c.oid')}`,
);

export function views(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.views.map((row) =>
    row.relkind === 'm'
      ? view(row, reading)
      : { ...view(row, reading), split: () => apart(row, reading) },
  );
}

function view(row: ViewRow, reading: Reading): Piece {
  const materialized = row.relkind === 'm';
  return {
    kind: materialized ? 'materialized view' : 'view',
    name: row.name,
    section: 'pre-data',
    means: [
      `pg_class:${row.oid}`,
      `pg_type:${row.type}`,
      `pg_type:${row.array}`,
      `pg_rewrite:${row.rule}`,
      ...(reading.columns.get(row.oid) ?? []).map(({ defaultOid }) => `pg_attrdef:${defaultOid}`),
    ],
    statements: [createView(row, 'CREATE'), ...besides(row, reading)],
  };
}

function createView(row: ViewRow, verb: string): string {
  const materialized = row.relkind === 'm';
  const options = parseList(row.options).map(settingOf);
  return [
    `${verb} ${materialized ? 'MATERIALIZED ' : ''}VIEW ${row.name}`,
    ...(row.method ? [`USING ${row.method}`] : []),
    ...(options.length > 0 ? [`WITH (${options.join(', ')})`] : []),
    `AS\n${row.def.trimEnd().replace(/;$/, '')}`,
    ...(materialized ? ['\nWITH NO DATA'] : []),
  ].join(' ');
}

function besides(row: ViewRow, reading: Reading): string[] {
  const { comments } = reading;
  const word = row.relkind === 'm' ? 'MATERIALIZED VIEW' : 'VIEW';
  const ref = `pg_class:${row.oid}`;
  const columns = reading.columns.get(row.oid) ?? [];
  return [
    ...columns
      .filter(({ standard }) => standard !== null)
      .map(
        ({ name, standard }) =>
          `ALTER VIEW ${row.name} ALTER COLUMN ${name} SET DEFAULT ${standard}`,
      ),
    ...(row.relkind === 'm'
      ? columns
          .filter(({ statistics }) => statistics !== null)
          .map(
            ({ name, statistics }) =>
              `ALTER MATERIALIZED VIEW ${row.name} ALTER COLUMN ${name} SET STATISTICS ${statistics}`,
          )
      : []),
    ...commentOn(comments, `${word} ${row.name}`, ref),
    ...columns.flatMap(({ name, num }) =>
      commentOn(comments, `COLUMN ${row.name}.${name}`, ref, Number(num)),
    ),
    ...relationStatements(row, word, columns, reading),
  ];
}

/** First a view with the same columns over nothing, then its real text. */
function apart(row: ViewRow, reading: Reading): Piece[] {
  const columns = (reading.columns.get(row.oid) ?? []).map(
    ({ name, type, collation }) =>
      `NULL::${type}${collation ? ` COLLATE ${collation}` : ''} AS ${name}`,
  );
  return [
    {
      kind: 'view',
      name: row.name,
      section: 'pre-data',
      means: [`pg_class:${row.oid}`, `pg_type:${row.type}`, `pg_type:${row.array}`],
      statements: [`CREATE VIEW ${row.name} AS\nSELECT\n${list(columns)}`],
    },
    {
      kind: 'view',
      name: `${row.name} (in full)`,
      of: row.name,
      section: 'pre-data',
      means: [`pg_rewrite:${row.rule}`],
      needs: [`pg_class:${row.oid}`],
      statements: [createView(row, 'CREATE OR REPLACE'), ...besides(row, reading)],
    },
  ];
}
