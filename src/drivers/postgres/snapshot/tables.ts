import { columnSettings, defaultPiece, settingOf } from './alter-column.ts';
import type { Catalog, Reading } from './catalog.ts';
import { type ColumnRow, columnDefinition, columnOptions } from './columns.ts';
import { commentOn } from './comments.ts';
import type { CheckRow } from './constraints.ts';
import { list, type Piece } from './piece.ts';
import { grantStatements } from './privileges.ts';
import { relationStatements } from './relation.ts';
import { aclColumns, notMember, type Owned, parseList, query } from './rows.ts';

export interface TableRow extends Owned {
  readonly oid: string;
  readonly name: string;
  readonly relname: string;
  /** r table, p partitioned table. */
  readonly relkind: string;
  readonly unlogged: string;
  readonly type: string;
  readonly array: string;
  readonly options: string | null;
  readonly toast: string | null;
  readonly method: string | null;
  readonly ofType: string | null;
  readonly partitionKey: string | null;
  readonly bound: string | null;
  /** Oids, in the order of inheritance. */
  readonly parents: string | null;
  readonly identity: string;
  readonly secured: string;
  readonly forced: string;
}

export const TABLES = query<TableRow>(
  ({
    schemas,
  }) => `select c.oid, format('%I.%I', n.nspname, c.relname) as name, c.relname, c.relkind,
    (c.relpersistence = 'u')::text as unlogged, c.reltype as type, t.typarray as array,
    to_json(c.reloptions) as options,
    (select to_json(x.reloptions) from pg_class x where x.oid = c.reltoastrelid) as toast,
    (select quote_ident(am.amname) from pg_am am where am.oid = c.relam and am.amname <> 'heap') as method,
    case when c.reloftype <> 0 then format_type(c.reloftype, null) end as "ofType",
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
    pg_get_expr(c.relpartbound, c.oid) as bound,
    (select json_agg(i.inhparent::text order by i.inhseqno) from pg_inherits i where i.inhrelid = c.oid) as parents,
    c.relreplident as identity, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
    ${aclColumns('c.relacl', 'c.relowner', 'r')}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_type t on t.oid = c.reltype
  where n.oid in (${schemas}) and c.relkind in ('r', 'p') and c.relpersistence <> 't'
    and ${notMember('pg_class', 'c.oid')}`,
);

export function tables(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.tables.flatMap((row): Piece[] => [
    tablePiece(row, reading),
    ...attach(row, reading),
    ...rowSecurity(row),
  ]);
}

function tablePiece(row: TableRow, reading: Reading): Piece {
  const columns = reading.columns.get(row.oid) ?? [];
  const late = columns.filter(
    ({ generated, defaultOid }) =>
      generated === '' && reading.callers.has(`pg_attrdef:${defaultOid}`),
  );
  const split = () => [
    table(row, reading, new Set(late)),
    ...late
      .filter((column) => shown(row, column, reading))
      .map((column) => defaultPiece(row, column)),
  ];
  return { ...table(row, reading, new Set()), ...(late.length > 0 && { split }) };
}

/** @param late columns whose default comes in a statement of its own */
function table(row: TableRow, reading: Reading, late: ReadonlySet<ColumnRow>): Piece {
  const columns = reading.columns.get(row.oid) ?? [];
  const checks = (reading.checks.get(row.oid) ?? []).filter((check) => inline(row, check, reading));
  const inheritedDefaults = columns.filter((column) => !shown(row, column, reading));
  const ref = `pg_class:${row.oid}`;
  return {
    kind: 'table',
    name: row.name,
    section: 'pre-data',
    means: [
      ref,
      `pg_type:${row.type}`,
      `pg_type:${row.array}`,
      ...columns
        .filter((column) => !late.has(column))
        .map((column) => `pg_attrdef:${column.defaultOid}`),
      ...checks.map((check) => `pg_constraint:${check.oid}`),
    ],
    needs: keepsParents(row, reading) ? [] : parentsOf(row).map((oid) => `pg_class:${oid}`),
    statements: [
      createTable(row, reading, checks, late),
      ...inheritedDefaults.flatMap((column) => changedDefault(row, column, reading)),
      ...columns.flatMap((column) => columnSettings(row, column)),
      ...commentOn(reading.comments, `TABLE ${row.name}`, ref),
      ...columns.flatMap((column) =>
        commentOn(reading.comments, `COLUMN ${row.name}.${column.name}`, ref, Number(column.num)),
      ),
      ...checks.flatMap((check) =>
        commentOn(
          reading.comments,
          `CONSTRAINT ${check.name} ON ${row.name}`,
          `pg_constraint:${check.oid}`,
        ),
      ),
      ...(row.identity === 'f' || row.identity === 'n'
        ? [
            `ALTER TABLE ONLY ${row.name} REPLICA IDENTITY ${row.identity === 'f' ? 'FULL' : 'NOTHING'}`,
          ]
        : []),
      ...relationStatements(row, 'TABLE', columns, reading),
      ...identitySequences(row, columns, reading),
    ],
  };
}

function createTable(
  row: TableRow,
  reading: Reading,
  checks: readonly CheckRow[],
  late: ReadonlySet<ColumnRow>,
): string {
  const lines = [
    ...columnLines(row, reading, late),
    ...checks.map((check) => `CONSTRAINT ${check.name} ${check.def}`),
  ];
  const body = lines.length === 0 ? '()' : `(\n${list(lines)}\n)`;
  const parents = keepsParents(row, reading)
    ? []
    : parentsOf(row).map((oid) => reading.tables.get(oid)?.name ?? '');
  const options = storageOptions(row);
  return [
    `CREATE ${row.unlogged === 'true' ? 'UNLOGGED ' : ''}TABLE ${row.name}`,
    ...(row.ofType ? [`OF ${row.ofType}`] : []),
    ...(row.ofType && lines.length === 0 ? [] : [body]),
    ...(parents.length > 0 ? [`INHERITS (${parents.join(', ')})`] : []),
    ...(row.partitionKey ? [`PARTITION BY ${row.partitionKey}`] : []),
    ...(row.method ? [`USING ${row.method}`] : []),
    ...(options.length > 0 ? [`WITH (${options.join(', ')})`] : []),
  ].join(' ');
}

function columnLines(row: TableRow, reading: Reading, late: ReadonlySet<ColumnRow>): string[] {
  const columns = (reading.columns.get(row.oid) ?? []).filter((column) =>
    shown(row, column, reading),
  );
  const place = { oid: row.oid, relname: row.relname, partition: row.bound !== null };
  if (row.ofType === null) {
    return columns.map((column) => columnDefinition(column, place, reading, !late.has(column)));
  }
  // The columns of a typed table are its type's; only what was added to them is said.
  return columns.flatMap((column) => {
    const added = columnOptions(column, place, reading, !late.has(column));
    return added.length === 0 ? [] : [`${column.name} WITH OPTIONS ${added.join(' ')}`];
  });
}

function storageOptions(row: TableRow): string[] {
  return [
    ...parseList(row.options).map(settingOf),
    ...parseList(row.toast).map((option) => `toast.${settingOf(option)}`),
  ];
}

export function parentsOf(row: Pick<TableRow, 'parents' | 'bound'>): string[] {
  return row.bound === null ? parseList(row.parents) : [];
}

/**
 * True when the table has all columns by itself and was made a child later: it is made so
 * again, which keeps the order of its columns.
 */
function keepsParents(row: TableRow, { columns }: Reading): boolean {
  if (parentsOf(row).length === 0) return false;
  return (columns.get(row.oid) ?? []).every(({ local }) => local === 't');
}

function shown(row: TableRow, column: ColumnRow, { columns }: Reading): boolean {
  if (column.local === 't' || row.bound !== null) return true;
  return parentsOf(row).length === 0 || !columns.has(row.oid);
}

/** Checks that call people's functions wait until all rows that they may look at are there. */
export function inline(
  row: Pick<TableRow, 'bound'>,
  check: CheckRow,
  { callers }: Reading,
): boolean {
  if (check.valid !== 't' || callers.has(`pg_constraint:${check.oid}`)) return false;
  return row.bound !== null || check.local === 't';
}

/** Of an inherited column, when it is not its parents'. */
function changedDefault(row: TableRow, column: ColumnRow, { columns }: Reading): string[] {
  if (column.generated !== '') return [];
  const inherited = parentsOf(row)
    .flatMap((oid) => columns.get(oid) ?? [])
    .filter(({ plain }) => plain === column.plain)
    .map(({ standard }) => standard);
  if (inherited.includes(column.standard)) return [];
  const alter = `ALTER TABLE ONLY ${row.name} ALTER COLUMN ${column.name}`;
  return [
    column.standard === null ? `${alter} DROP DEFAULT` : `${alter} SET DEFAULT ${column.standard}`,
  ];
}

/** Rights and comments on the sequences behind identity columns. */
function identitySequences(
  row: TableRow,
  columns: readonly ColumnRow[],
  { identities, comments, options }: Reading,
): string[] {
  return columns.flatMap((column) => {
    const sequence = identities.get(`${row.oid}:${column.num}`);
    if (!sequence) return [];
    const on = `SEQUENCE ${sequence.name}`;
    return [
      ...commentOn(comments, on, `pg_class:${sequence.oid}`),
      ...(options.grants ? grantStatements(sequence, { on }) : []),
    ];
  });
}

function attach(row: TableRow, reading: Reading): Piece[] {
  const base = { name: row.name, of: row.name, section: 'pre-data' as const, means: [] };
  const own = `pg_class:${row.oid}`;
  if (row.bound !== null) {
    const [parent = ''] = parseList(row.parents);
    const name = reading.tables.get(parent)?.name;
    if (name === undefined) return [];
    const statements = [`ALTER TABLE ONLY ${name} ATTACH PARTITION ${row.name} ${row.bound}`];
    return [{ ...base, kind: 'partition', needs: [own, `pg_class:${parent}`], statements }];
  }
  if (!keepsParents(row, reading)) return [];
  const parents = parentsOf(row);
  return [
    {
      ...base,
      kind: 'inheritance',
      needs: [own, ...parents.map((oid) => `pg_class:${oid}`)],
      statements: parents.map(
        (oid) => `ALTER TABLE ${row.name} INHERIT ${reading.tables.get(oid)?.name ?? ''}`,
      ),
    },
  ];
}

/** After the rows: they are loaded by somebody who may be bound by it. */
function rowSecurity(row: TableRow): Piece[] {
  if (row.secured !== 't' && row.forced !== 't') return [];
  const alter = `ALTER TABLE ${row.name}`;
  return [
    {
      kind: 'row security',
      name: row.name,
      of: row.name,
      section: 'post-data',
      means: [],
      needs: [`pg_class:${row.oid}`],
      statements: [
        ...(row.secured === 't' ? [`${alter} ENABLE ROW LEVEL SECURITY`] : []),
        ...(row.forced === 't' ? [`${alter} FORCE ROW LEVEL SECURITY`] : []),
      ],
    },
  ];
}
