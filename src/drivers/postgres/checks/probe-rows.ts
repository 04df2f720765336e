import type { Expectation } from '../../../ports/checks.ts';
import type { Connection } from '../connection.ts';
import { ident, jsonLiteral, literal } from '../text.ts';

/** Rows of a table that a new one is made like. */
const SAMPLE = 1_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface Table {
  readonly schema: string;
  readonly name: string;
}

/** Rows that somebody might write, to hold against the policies without writing any. */
export interface Candidates {
  /** A FROM item that is named as the table. */
  readonly from: string;
  /** Whether rows of the table are among them. */
  readonly sampled: boolean;
}

/**
 * Rows as they are (as far as this user sees them), a row of defaults, and one whose texts
 * and UUIDs are the subject of the claims; or just the one that the expectation names.
 */
export async function readCandidates(
  connection: Connection,
  table: Table,
  { claims, row }: Expectation,
): Promise<Candidates> {
  const columns = await readColumns(connection, table);
  const sample = row === undefined ? await readSample(connection, table) : [];
  const subject = typeof claims['sub'] === 'string' ? claims['sub'] : undefined;
  const texts =
    row !== undefined
      ? [jsonLiteral(row)]
      : [
          ...(subject === undefined ? [] : [jsonLiteral(rowOfSubject(columns, subject))]),
          `'{}'::jsonb`,
          ...sample.map((text) => `${literal(text)}::jsonb`),
        ];
  const defaults = columns.map((column) => column.value).join(',');
  return {
    from: `pg_catalog.unnest(array[${texts.join(',')}]) godwit_row (row)
      cross join lateral pg_catalog.jsonb_populate_record(
        row(${defaults})::${ident(table.schema)}.${ident(table.name)}, godwit_row.row) as ${ident(table.name)}`,
    sampled: sample.length > 0,
  };
}

interface Column {
  readonly name: string;
  readonly type: number;
  /** Its default as SQL, where evaluating that changes nothing. */
  readonly value: string;
}

async function readColumns(connection: Connection, { schema, name }: Table): Promise<Column[]> {
  const [result] = await connection.simple(
    `select a.attname, a.atttypid, case when a.attgenerated = '' and a.attidentity = ''
        and d.adbin is not null and pg_catalog.pg_get_expr(d.adbin, d.adrelid) !~* 'nextval'
      then pg_catalog.pg_get_expr(d.adbin, d.adrelid) else 'null' end
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = (select c.oid from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = ${literal(schema)} and c.relname = ${literal(name)})
      and a.attnum > 0 and not a.attisdropped order by a.attnum`,
  );
  return (result?.rows ?? []).map(([column, type, value]) => ({
    name: column ?? '',
    type: Number(type),
    value: value ?? 'null',
  }));
}

/** Rows as this user sees them; none where it may not look. */
async function readSample(connection: Connection, { schema, name }: Table): Promise<string[]> {
  try {
    const results = await connection.simple(
      `savepoint godwit_sample;select pg_catalog.to_jsonb(s) from ${ident(schema)}.${ident(name)} s limit ${SAMPLE};release savepoint godwit_sample`,
    );
    return (results[1]?.rows ?? []).flatMap(([row]) => row ?? []);
  } catch (error) {
    if (connection.lost.aborted) throw error;
    await connection.simple('rollback to savepoint godwit_sample');
    return [];
  }
}

function rowOfSubject(columns: readonly Column[], subject: string): Record<string, string> {
  const takes = new Set(UUID.test(subject) ? [25, 1043, 2950] : [25, 1043]);
  return Object.fromEntries(
    columns.filter(({ type }) => takes.has(type)).map(({ name }) => [name, subject]),
  );
}
