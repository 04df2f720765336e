import type { Row, Rows } from '../../ports/rows.ts';
import { PLAIN_TEXT } from './backup/measure.ts';
import type { Connection } from './connection.ts';
import { loadSamples, readSamples } from './sample.ts';
import type { Store } from './store.ts';
import { literal } from './text.ts';

const BATCH = 1000;

export interface Table {
  readonly name: string;
  /** Quoted. */
  readonly sql: string;
}

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

/** Tables with rows of their own, but for those of the system, of extensions and of godwit. */
export async function listTables(connection: Connection, store: Store): Promise<Table[]> {
  const [result] = await connection.simple(
    `select pg_catalog.format('%s.%s', n.nspname, c.relname),
        pg_catalog.format('%I.%I', n.nspname, c.relname)
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', ${literal(store.schema)})
        and not exists (select 1 from pg_catalog.pg_depend e where e.deptype = 'e'
          and e.objid = c.oid and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
      order by 1`,
  );
  return (result?.rows ?? []).map(([name, sql]) => ({ name: String(name), sql: String(sql) }));
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
