import { settingOf } from './alter-column.ts';
import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { IndexRow } from './indexes.ts';
import type { Piece } from './piece.ts';
import { parseList, query } from './rows.ts';
import { inline } from './tables.ts';

export interface CheckRow {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly plain: string;
  /** c check, p primary key, u unique, x exclusion, f foreign key. */
  readonly contype: string;
  readonly index: string;
  readonly parent: string;
  readonly valid: string;
  readonly local: string;
  readonly def: string;
}

export const CONSTRAINTS = query<CheckRow>(
  ({ schemas }) => `select k.oid, k.conrelid as relation, quote_ident(k.conname) as name,
    k.conname as plain, k.contype, k.conindid as index, k.conparentid as parent,
    k.convalidated as valid, k.conislocal as local, pg_get_constraintdef(k.oid) as def
  from pg_constraint k
  where k.connamespace in (${schemas}) and k.conrelid <> 0 and k.contype in ('c', 'p', 'u', 'x', 'f')
  order by k.conname collate "C"`,
);

export function constraints(catalog: Catalog, reading: Reading): Piece[] {
  const late = lateNotNulls(catalog, reading);
  return [...late, ...catalog.constraints.flatMap((row) => constraint(row, reading))];
}

function constraint(row: CheckRow, reading: Reading): Piece[] {
  const table = reading.tables.get(row.relation);
  if (table === undefined) return [];
  if (row.contype === 'c' && (inline(table, row, reading) || row.local !== 't')) return [];
  // Partitions get their parent's by themselves.
  if (row.contype === 'f' && row.parent !== '0') return [];
  const index = reading.indexes.get(row.index);
  const only = row.contype === 'f' && table.relkind === 'p' ? '' : 'ONLY ';
  const alone = row.contype === 'c' ? '' : only;
  const key = row.contype === 'f' ? [] : [`pg_class:${row.index}`];
  const ref = `pg_constraint:${row.oid}`;
  return [
    {
      kind: row.contype === 'f' ? 'foreign key' : 'constraint',
      name: `${table.name}.${row.name}`,
      of: table.name,
      section: 'post-data',
      means: [ref, ...(row.contype === 'c' ? [] : key)],
      needs: [`pg_class:${row.relation}`, ...childChecks(row, reading)],
      statements: [
        `ALTER TABLE ${alone}${table.name} ADD CONSTRAINT ${row.name} ${row.def}`,
        ...indexOptions(index),
        ...(index?.clustered === 't' ? [`ALTER TABLE ${table.name} CLUSTER ON ${row.name}`] : []),
        ...(index?.replica === 't'
          ? [`ALTER TABLE ONLY ${table.name} REPLICA IDENTITY USING INDEX ${row.name}`]
          : []),
        ...commentOn(reading.comments, `CONSTRAINT ${row.name} ON ${table.name}`, ref),
      ],
    },
  ];
}

/** A constraint's own text does not have its index's settings. */
function indexOptions(index: IndexRow | undefined): string[] {
  const options = parseList(index?.options ?? null).map(settingOf);
  return index && options.length > 0
    ? [`ALTER INDEX ${index.name} SET (${options.join(', ')})`]
    : [];
}

/** A child that has the same check by itself gets it first; its parent's is merged into it. */
function childChecks(row: CheckRow, { children, checks }: Reading): string[] {
  if (row.contype !== 'c') return [];
  return (children.get(row.relation) ?? []).flatMap((child) =>
    (checks.get(child) ?? [])
      .filter(({ plain, local }) => plain === row.plain && local === 't')
      .map(({ oid }) => `pg_constraint:${oid}`),
  );
}

/** NOT NULL that is not valid yet. */
function lateNotNulls(catalog: Catalog, { tables, columns, comments }: Reading): Piece[] {
  return catalog.notNulls
    .filter(({ valid, local }) => valid !== 't' && local === 't')
    .flatMap((row): Piece[] => {
      const table = tables.get(row.relation);
      const column = columns.get(row.relation)?.find(({ num }) => num === row.num);
      if (table === undefined || column === undefined) return [];
      const rest = row.noInherit === 't' ? ' NO INHERIT' : '';
      const ref = `pg_constraint:${row.oid}`;
      return [
        {
          kind: 'constraint',
          name: `${table.name}.${row.name}`,
          of: table.name,
          section: 'post-data',
          means: [ref],
          needs: [`pg_class:${row.relation}`],
          statements: [
            `ALTER TABLE ${table.name} ADD CONSTRAINT ${row.name} NOT NULL ${column.name}${rest} NOT VALID`,
            ...commentOn(comments, `CONSTRAINT ${row.name} ON ${table.name}`, ref),
          ],
        },
      ];
    });
}
