import { CHECK_CODES } from '../../../core/checks/codes.ts';
import type { PublicIdColumn } from '../../../ports/checks.ts';
import type { Finding } from '../../../ports/finding.ts';
import type { Connection } from '../connection.ts';
import { ident, literal } from '../text.ts';
import { notOfExtension, type Question, text } from './catalog-check.ts';

/** Rows are counted up to here: more is only "at least". */
const MOST = 1_000;
const DEFAULT_COLUMN = 'public_id';

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly notNull: boolean;
  readonly unique: boolean;
  readonly readable: boolean;
  readonly isText: boolean;
  readonly prefix: string | undefined;
}

/**
 * Columns named `public_id`, and those that the project has a prefix for: nulls, duplicates,
 * wrong prefixes, no unique index. The catalogs are asked once, the tables once more, all in
 * one statement.
 */
export async function askPublicIds(
  connection: Connection,
  question: Question,
  off: ReadonlySet<string>,
): Promise<Finding[]> {
  const columns = await findColumns(connection, question);
  const findings = columns.flatMap((column) => (column.unique ? [] : [noIndex(column)]));
  const unread = columns.filter(({ readable }) => !readable);
  const counts = await countRows(
    connection,
    columns.filter(({ readable }) => readable),
    off,
  );
  return [...findings, ...unread.map(notRead), ...counts].filter(({ code }) => !off.has(code));
}

async function findColumns(connection: Connection, { ours, request }: Question): Promise<Column[]> {
  const { publicIds } = request;
  const named = publicIds.map(
    ({ schema, table, column }) =>
      `(t.relname = ${literal(table)} and a.attname = ${literal(column)}${schema === undefined ? '' : ` and n.nspname = ${literal(schema)}`})`,
  );
  const [result] = await connection.simple(
    `select n.nspname, t.relname, a.attname, a.attnotnull,
      exists (select 1 from pg_catalog.pg_index i where i.indrelid = t.oid and i.indisunique
        and i.indisvalid and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
        and (i.indpred is null or pg_catalog.pg_get_expr(i.indpred, i.indrelid)
          = pg_catalog.format('(%I IS NOT NULL)', a.attname))),
      pg_catalog.has_schema_privilege(n.oid, 'usage')
        and pg_catalog.has_column_privilege(t.oid, a.attnum, 'select'),
      a.atttypid in (25, 1042, 1043)
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class t on t.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where t.relkind in ('r', 'p') and not t.relispartition and a.attnum > 0 and not a.attisdropped
      and (${[`a.attname = ${literal(DEFAULT_COLUMN)}`, ...named].join(' or ')})
      and ${ours} and ${notOfExtension('t.oid')}
    order by 1, 2, 3`,
  );
  return (result?.rows ?? []).map(([schema, table, column, notNull, unique, readable, isText]) => ({
    schema: text(schema),
    table: text(table),
    column: text(column),
    notNull: notNull === 't',
    unique: unique === 't',
    readable: readable === 't',
    isText: isText === 't',
    prefix: prefixOf(publicIds, text(schema), text(table), text(column)),
  }));
}

function prefixOf(
  registry: readonly PublicIdColumn[],
  schema: string,
  table: string,
  column: string,
): string | undefined {
  return registry.find(
    (one) =>
      one.table === table &&
      one.column === column &&
      (one.schema === undefined || one.schema === schema),
  )?.prefix;
}

type Kind = 'missing' | 'duplicate' | 'prefix';

async function countRows(
  connection: Connection,
  columns: readonly Column[],
  off: ReadonlySet<string>,
): Promise<Finding[]> {
  const parts = columns.flatMap((column, place) =>
    questionsOf(column)
      .filter(({ code }) => !off.has(code))
      .map(
        ({ kind, rows }) =>
          `(select ${place}, ${literal(kind)}, pg_catalog.count(*) from (${rows} limit ${MOST}) x)`,
      ),
  );
  if (parts.length === 0) return [];
  const [result] = await connection.simple(parts.join(' union all '));
  return (result?.rows ?? []).flatMap(([place, kind, count]) => {
    const column = columns[Number(place)];
    return column === undefined || Number(count) === 0
      ? []
      : [counted(column, kind as Kind, Number(count))];
  });
}

/** Only what the catalog does not promise already. */
function questionsOf(column: Column): { kind: Kind; code: string; rows: string }[] {
  const name = ident(column.column);
  const from = `from ${tableOf(column)}`;
  const { prefix } = column;
  return [
    ...(column.notNull
      ? []
      : [
          {
            kind: 'missing' as const,
            code: CHECK_CODES.publicIdMissing,
            rows: `select 1 ${from} where ${name} is null`,
          },
        ]),
    ...(column.unique
      ? []
      : [
          {
            kind: 'duplicate' as const,
            code: CHECK_CODES.publicIdDuplicate,
            rows: `select 1 ${from} where ${name} is not null group by ${name} having pg_catalog.count(*) > 1`,
          },
        ]),
    ...(prefix === undefined || !column.isText
      ? []
      : [
          {
            kind: 'prefix' as const,
            code: CHECK_CODES.publicIdPrefix,
            rows: `select 1 ${from} where not pg_catalog.starts_with(${name}::text, ${literal(`${prefix}_`)})`,
          },
        ]),
  ];
}

function counted(column: Column, kind: Kind, count: number): Finding {
  const many = count >= MOST ? `at least ${count}` : String(count);
  const rows = `${many} ${count === 1 ? 'row' : 'rows'}`;
  const at = `${column.table}.${column.column}`;
  const where = placeOf(column);
  switch (kind) {
    case 'missing':
      return {
        code: CHECK_CODES.publicIdMissing,
        severity: 'warning',
        where,
        message: `${rows} of ${column.table} ${count === 1 ? 'has' : 'have'} no ${column.column}.`,
        fix: 'godwit backfill public-ids',
      };
    case 'duplicate':
      return {
        code: CHECK_CODES.publicIdDuplicate,
        severity: 'warning',
        where,
        message: `${many} ${count === 1 ? 'value' : 'values'} of ${at} ${count === 1 ? 'is' : 'are'} there more than once.`,
        fix: `select ${ident(column.column)}, count(*) from ${tableOf(column)} group by 1 having count(*) > 1`,
      };
    case 'prefix':
      return {
        code: CHECK_CODES.publicIdPrefix,
        severity: 'warning',
        where,
        message: `${rows} of ${at} ${count === 1 ? 'does' : 'do'} not begin with ${column.prefix}_.`,
        fix: `select * from ${tableOf(column)} where not starts_with(${ident(column.column)}, ${literal(`${column.prefix}_`)})`,
      };
  }
}

function noIndex(column: Column): Finding {
  return {
    code: CHECK_CODES.publicIdIndex,
    severity: 'warning',
    where: placeOf(column),
    message: `Nothing makes ${column.table}.${column.column} unique.`,
    fix: `create unique index concurrently on ${tableOf(column)} (${ident(column.column)})`,
  };
}

function notRead(column: Column): Finding {
  return {
    code: CHECK_CODES.notAsked,
    severity: 'info',
    where: placeOf(column),
    message: `This user may not read ${column.table}.${column.column}: its values were not looked at.`,
    fix: `grant select (${ident(column.column)}) on ${tableOf(column)} to current_user`,
  };
}

function placeOf({ schema, table, column }: Column): Finding['where'] {
  return { schema, table, column };
}

function tableOf({ schema, table }: Column): string {
  return `${ident(schema)}.${ident(table)}`;
}
