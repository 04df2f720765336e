import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { Piece } from './piece.ts';
import { aclColumns, notMember, type Owned, query } from './rows.ts';
import { ownedBy } from './types.ts';

export interface SequenceRow extends Owned {
  readonly oid: string;
  readonly name: string;
  readonly relname: string;
  readonly unlogged: string;
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly max: string;
  readonly min: string;
  readonly cache: string;
  readonly cycle: string;
  /** a: owned by a column, i: of an identity column. */
  readonly deptype: string | null;
  readonly table: string | null;
  readonly column: string | null;
}

export const SEQUENCES = query<SequenceRow>(
  ({ schemas }) => `select c.oid, format('%I.%I', n.nspname, c.relname) as name, c.relname,
    (c.relpersistence = 'u')::text as unlogged, format_type(s.seqtypid, null) as type,
    s.seqstart as start, s.seqincrement as increment, s.seqmax as max, s.seqmin as min,
    s.seqcache as cache, s.seqcycle as cycle, d.deptype, d.refobjid as "table", d.refobjsubid as "column",
    ${aclColumns('c.relacl', 'c.relowner', 's')}
  from pg_sequence s join pg_class c on c.oid = s.seqrelid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
    and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
  where n.oid in (${schemas}) and ${notMember('pg_class', 'c.oid')}`,
);

export function sequences(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.sequences
    .filter(({ deptype }) => deptype !== 'i')
    .flatMap((row): Piece[] => [sequence(row, reading), ...ownerColumn(row, reading)]);
}

function sequence(row: SequenceRow, reading: Reading): Piece {
  const ref = `pg_class:${row.oid}`;
  const options = sequenceOptions(row).map((option) => `\n  ${option}`);
  const type = row.type === 'bigint' ? '' : ` AS ${row.type}`;
  return {
    kind: 'sequence',
    name: row.name,
    section: 'pre-data',
    means: [ref],
    statements: [
      `CREATE ${row.unlogged === 'true' ? 'UNLOGGED ' : ''}SEQUENCE ${row.name}${type}${options.join('')}`,
      ...commentOn(reading.comments, `SEQUENCE ${row.name}`, ref),
      ...ownedBy(row, 'SEQUENCE', reading),
    ],
  };
}

function ownerColumn(row: SequenceRow, { tables, columns }: Reading): Piece[] {
  const table = tables.get(row.table ?? '');
  const column = columns.get(row.table ?? '')?.find(({ num }) => num === row.column);
  if (table === undefined || column === undefined) return [];
  return [
    {
      kind: 'sequence owner',
      name: row.name,
      of: row.name,
      section: 'pre-data',
      means: [],
      needs: [`pg_class:${row.oid}`, `pg_class:${row.table}`],
      statements: [`ALTER SEQUENCE ${row.name} OWNED BY ${table.name}.${column.name}`],
    },
  ];
}

const LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** What differs from a sequence about which nothing was said. */
export function sequenceOptions(row: SequenceRow): string[] {
  const [lowest, highest] = LIMITS[row.type] ?? [0n, 0n];
  const down = row.increment.startsWith('-');
  const usualMin = down ? lowest : 1n;
  const usualMax = down ? -1n : highest;
  const [min, max] = [BigInt(row.min), BigInt(row.max)];
  return [
    ...(row.increment === '1' ? [] : [`INCREMENT BY ${row.increment}`]),
    ...(min === usualMin ? [] : [`MINVALUE ${row.min}`]),
    ...(max === usualMax ? [] : [`MAXVALUE ${row.max}`]),
    ...(BigInt(row.start) === (down ? max : min) ? [] : [`START WITH ${row.start}`]),
    ...(row.cache === '1' ? [] : [`CACHE ${row.cache}`]),
    ...(row.cycle === 't' ? ['CYCLE'] : []),
  ];
}
