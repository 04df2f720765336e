import type { PlainRow, Sample } from '../../ports/rows.ts';
import { PLAIN_TEXT } from './backup/measure.ts';
import type { Connection } from './connection.ts';
import { listTables } from './list-tables.ts';
import { type Column, plainOf, type SampledTable, shapeOf, textOf } from './sample-shape.ts';
import type { Store } from './store.ts';
import { literal } from './text.ts';

const BATCH = 200;

/** Rows of a table as their columns' texts. */
interface Taken {
  readonly table: SampledTable;
  readonly rows: Map<string, (string | null)[]>;
}

/** Some rows of each table, and those that they point to. Reads only, at one moment. */
export async function readSamples(
  connection: Connection,
  store: Store,
  limit: number,
): Promise<readonly Sample[]> {
  await connection.simple(
    `begin isolation level repeatable read read only;
      ${PLAIN_TEXT.replace('set local row_security = off;', '')}`,
  );
  try {
    const tables = await shapeOf(connection, await listTables(connection, store));
    const taken = new Map<string, Taken>();
    for (const table of tables) taken.set(table.name, { table, rows: new Map() });
    for (const one of taken.values()) {
      await take(connection, one, `limit ${Math.trunc(limit)}`);
    }
    await takeParents(connection, taken);
    return parentsFirst([...taken.values()]).map(({ table, rows }) => ({
      name: table.name,
      identity: table.columns.filter(({ identity }) => identity).map(({ name }) => name),
      rows: [...rows.values()].map((row) => plainRow(table.columns, row)),
    }));
  } finally {
    await connection.simple('rollback');
  }
}

/** @returns how many were new */
async function take(connection: Connection, { table, rows }: Taken, which: string) {
  const list = table.columns.map(({ read }) => read).join(', ');
  const [result] = await connection.simple(
    `select pg_catalog.jsonb_build_array(${list})::pg_catalog.text from only ${table.sql} t ${which}`,
  );
  const before = rows.size;
  for (const [text] of result?.rows ?? []) {
    if (text) rows.set(text, JSON.parse(text) as (string | null)[]);
  }
  return rows.size - before;
}

/** Until every row's parents are there too; what is new may point further. */
async function takeParents(connection: Connection, taken: ReadonlyMap<string, Taken>) {
  for (let more = 1; more > 0; ) {
    more = 0;
    for (const { table, rows } of taken.values()) {
      for (const { parent, pairs } of table.references) {
        const target = taken.get(parent);
        if (target === undefined || rows.size === 0) continue;
        const values = [...rows.values()].map((row) => pairs.map(({ at }) => row[at] ?? null));
        const known = new Set([...target.rows.values()].map((row) => keyText(target, row, pairs)));
        const wanted = values.filter(
          (value) => !value.includes(null) && !known.has(JSON.stringify(value)),
        );
        if (wanted.length === 0) continue;
        const match = pairs.map(({ column, type }, at) => `t.${column} = (e ->> ${at})::${type}`);
        const json = `${literal(JSON.stringify(wanted))}::pg_catalog.jsonb`;
        more += await take(
          connection,
          target,
          `where exists (select from pg_catalog.jsonb_array_elements(${json}) e where ${match.join(' and ')})`,
        );
      }
    }
  }
}

function keyText(
  { table }: Taken,
  row: readonly (string | null)[],
  pairs: readonly { readonly column: string }[],
): string {
  const at = (quoted: string) => table.columns.findIndex(({ sql }) => sql === quoted);
  return JSON.stringify(pairs.map(({ column }) => row[at(column)] ?? null));
}

function plainRow(columns: readonly Column[], row: readonly (string | null)[]): PlainRow {
  return Object.fromEntries(
    columns.map((column, at) => [column.name, plainOf(column, row[at] ?? null)]),
  );
}

function parentsFirst(tables: readonly Taken[]): Taken[] {
  const ordered = new Set<Taken>();
  const under = new Set<Taken>();
  const visit = (one: Taken): void => {
    if (ordered.has(one) || under.has(one)) return;
    under.add(one);
    for (const { parent } of one.table.references) {
      const target = tables.find(({ table }) => table.name === parent);
      if (target) visit(target);
    }
    ordered.add(one);
  };
  for (const one of tables) visit(one);
  return [...ordered];
}

/** Puts rows into tables of the same shape, without their triggers where that is allowed. */
export async function loadSamples(
  connection: Connection,
  samples: readonly Sample[],
): Promise<number> {
  const tables = await shapeOf(
    connection,
    samples.map(({ name }) => ({ name, sql: name.split('.').map(quote).join('.') })),
  );
  await connection.simple('set session_replication_role = replica').catch(() => undefined);
  let refused = 0;
  try {
    for (const { name, rows } of samples) {
      const table = tables.find((one) => one.name === name);
      if (table) refused += await insertAll(connection, table, rows);
    }
  } finally {
    await connection.simple('reset session_replication_role').catch(() => undefined);
  }
  return refused;
}

async function insertAll(
  connection: Connection,
  table: SampledTable,
  rows: readonly PlainRow[],
): Promise<number> {
  let refused = 0;
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    const put = await insert(connection, table, batch).catch(async () => {
      let done = 0;
      for (const row of batch) done += await insert(connection, table, [row]).catch(() => 0);
      return done;
    });
    refused += batch.length - put;
  }
  for (const column of table.columns.filter(({ serial }) => serial)) {
    await connection.simple(
      `select pg_catalog.setval(pg_catalog.pg_get_serial_sequence(${literal(table.sql)}, ${literal(column.name)}), m)
        from (select max(${column.sql}) as m from ${table.sql}) x where m > 0`,
    );
  }
  return refused;
}

async function insert(connection: Connection, table: SampledTable, rows: readonly PlainRow[]) {
  const { columns, sql } = table;
  const values = rows.map((row) => columns.map((column) => textOf(column, row[column.name])));
  const list = columns.map((column) => column.sql).join(', ');
  const cast = columns.map(({ write }, at) => write(`e ->> ${at}`)).join(', ');
  const [result] = await connection.simple(
    `insert into ${sql} (${list}) overriding system value select ${cast}
      from pg_catalog.jsonb_array_elements(${literal(JSON.stringify(values))}::pg_catalog.jsonb) e
      on conflict do nothing`,
  );
  return Number(/(\d+)$/.exec(result?.command ?? '')?.[1] ?? 0);
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
