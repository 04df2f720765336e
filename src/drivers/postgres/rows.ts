import type { Row, Rows } from '../../ports/rows.ts';
import { PLAIN_TEXT } from './backup/measure.ts';
import type { Connection } from './connection.ts';
import { listTables, type Table } from './list-tables.ts';
import { loadSamples, readSamples } from './sample.ts';
import type { Store } from './store.ts';
import { literal } from './text.ts';

const BATCH = 1000;

export function openRows(connect: () => Promise<Connection>, store: Store): Rows {
  return {
    async tables() {
      return (await listTables(await connect(), store)).map(({ name }) => name);
    },
    async *read(name) {
      yield* readTable(await connect(), store, name);
    },
    sample: async (limit) => readSamples(await connect(), store, limit),
    load: async (samples) => loadSamples(await connect(), samples),
  };
}

async function* readTable(
  connection: Connection,
  store: Store,
  name: string,
): AsyncGenerator<readonly Row[]> {
  const table = (await listTables(connection, store)).find((one) => one.name === name);
  if (table === undefined) return;
  const key = await keyOf(connection, table);
  await connection.simple('begin isolation level repeatable read read only');
  try {
    await connection.simple(
      `${PLAIN_TEXT}; declare godwit_rows no scroll cursor for
        select ${key}, pg_catalog.to_jsonb(t)::pg_catalog.text from only ${table.sql} t`,
    );
    for (;;) {
      const [result] = await connection.simple(`fetch ${BATCH} from godwit_rows`);
      const rows = result?.rows ?? [];
      if (rows.length === 0) return;
      yield rows.map(([id, text]) => ({ key: id ?? text ?? '', text: text ?? '' }));
    }
  } finally {
    await connection.simple('rollback');
  }
}

/** The primary key as text, or null where there is none. */
async function keyOf(connection: Connection, { sql }: Table): Promise<string> {
  const [result] = await connection.simple(
    `select pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' order by k.place)
      from pg_catalog.pg_index i
      cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality k(number, place)
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
      where i.indisprimary and i.indrelid = ${literal(sql)}::pg_catalog.regclass`,
  );
  const columns = result?.rows[0]?.[0];
  return columns
    ? `pg_catalog.jsonb_build_array(${columns})::pg_catalog.text`
    : 'null::pg_catalog.text';
}
