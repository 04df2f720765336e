import { checkKeys, inBatches, keyFields } from '../../core/record-key.ts';
import { GodwitError } from '../../errors.ts';
import type { SqlClient, UpsertCounts, UpsertOptions } from '../../ports/context.ts';
import { sqlState } from './connection.ts';
import { ident, qualified, toJson } from './text.ts';

const BATCH = 1000;

/** `ctx.upsert`: the server makes of JSON what the columns are. */
export async function upsert(
  client: SqlClient,
  target: string,
  records: readonly object[],
  options: UpsertOptions,
): Promise<UpsertCounts> {
  const key = keyFields(options.key);
  checkKeys(target, records, key);
  let inserted = 0;
  let updated = 0;
  for (const { columns, rows } of alike(records)) {
    const sql = statement(target, columns, key);
    for (const batch of inBatches(rows, BATCH)) {
      const result = await client
        .query<{ inserted: boolean }>(sql, [toJson(batch)])
        .catch((error: unknown) => Promise.reject(withAdvice(error, target, key)));
      const fresh = result.rows.filter((row) => row.inserted).length;
      inserted += fresh;
      updated += result.rows.length - fresh;
    }
  }
  return { inserted, updated, unchanged: records.length - inserted - updated };
}

/** Rows that name the same columns: what a row does not name takes its default, not null. */
function alike(records: readonly object[]): { columns: string[]; rows: object[] }[] {
  const groups = new Map<string, { columns: string[]; rows: object[] }>();
  for (const record of records) {
    const columns = Object.entries(record).flatMap(([name, v]) => (v === undefined ? [] : [name]));
    const name = JSON.stringify(columns);
    const group = groups.get(name);
    if (group) group.rows.push(record);
    else groups.set(name, { columns, rows: [record] });
  }
  return [...groups.values()];
}

/** A row that is there as it should be is not written again; xmax tells new ones apart. */
function statement(target: string, columns: readonly string[], key: readonly string[]): string {
  const table = qualified(target);
  const names = columns.map(ident).join(', ');
  const set = columns.filter((column) => !key.includes(column)).map(ident);
  const differs = set.map((name) => `t.${name}::text is distinct from excluded.${name}::text`);
  const action =
    set.length === 0
      ? 'nothing'
      : `update set ${set.map((name) => `${name} = excluded.${name}`).join(', ')}
         where ${differs.join(' or ')}`;
  return `insert into ${table} as t (${names}) overriding system value
    select ${names} from pg_catalog.jsonb_populate_recordset(null::${table}, $1::jsonb)
    on conflict (${key.map(ident).join(', ')}) do ${action}
    returning (t.xmax = 0) as inserted`;
}

function withAdvice(error: unknown, target: string, key: readonly string[]): unknown {
  if (sqlState(error) !== '42P10') return error;
  const columns = key.join(', ');
  return new GodwitError(
    'GODWIT_SEED_INVALID',
    `${target} has no unique index on (${columns}), so nothing tells which row a record is.`,
    {
      cause: error,
      next: [`in a migration: create unique index on ${target} (${columns})`],
    },
  );
}
