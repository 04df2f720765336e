import type { BackupWork } from '../../../ports/backup.ts';
import type { Connection } from '../connection.ts';
import { stoppedError } from '../interrupt.ts';
import { ident } from '../text.ts';
import { type Relation, readRelations } from './measure.ts';
import type { ScriptWriter } from './script-writer.ts';

/** Pages of a table that a session which cannot stream gives at once: 2 MB. */
const PAGES = 256;

/** Writes every table's rows as COPY … FROM stdin, and where the sequences stand. */
export async function copyRows(
  connection: Connection,
  schemas: readonly string[],
  writer: ScriptWriter,
  { signal, onProgress }: BackupWork,
): Promise<void> {
  const tables = await readRelations(connection, schemas, 'table');
  let rows = 0;
  for (const [done, table] of tables.entries()) {
    if (signal.aborted) throw stoppedError();
    onProgress({ name: table.title, done, total: tables.length, rows });
    rows += await copyTable(connection, table, writer, signal);
  }
  for (const { sql } of await readRelations(connection, schemas, 'sequence')) {
    const [result] = await connection.simple(
      `select pg_catalog.format('SELECT pg_catalog.setval(%L, %s, %s);', $godwit$${sql}$godwit$,
        last_value, is_called::pg_catalog.text) from ${sql}`,
    );
    await writer.write(`${result?.rows[0]?.[0]}\n`);
  }
}

async function copyTable(
  connection: Connection,
  { sql }: Relation,
  writer: ScriptWriter,
  signal: AbortSignal,
): Promise<number> {
  const columns = await readColumns(connection, sql);
  // A table of generated columns alone, or of none, has no rows that COPY could read.
  if (columns.length === 0) return 0;
  const list = columns.map(ident).join(', ');
  await writer.write(`\nCOPY ${sql} (${list}) FROM stdin;\n`);
  let rows = 0;
  const copySink = (chunk: Uint8Array): Promise<void> | undefined => {
    if (signal.aborted) throw stoppedError();
    rows++;
    return writer.write(chunk);
  };
  if (connection.streams) {
    await connection.simple(`copy ${sql} (${list}) to stdout`, { copySink });
  } else {
    const [size] = await connection.simple(
      `select pg_catalog.pg_relation_size('${sql.replaceAll("'", "''")}') / 8192`,
    );
    const pages = Number(size?.rows[0]?.[0] ?? 0);
    for (let page = 0; page < pages; page += PAGES) {
      const within = `ctid >= '(${page},0)' and ctid < '(${page + PAGES},0)'`;
      await connection.simple(`copy (select ${list} from only ${sql} where ${within}) to stdout`, {
        copySink,
      });
    }
  }
  await writer.write('\\.\n');
  return rows;
}

/** Those that COPY takes: a generated column is computed again. */
async function readColumns(connection: Connection, sql: string): Promise<string[]> {
  const [result] = await connection.simple(
    `select attname from pg_catalog.pg_attribute where attnum > 0 and not attisdropped
      and attgenerated = '' and attrelid = '${sql.replaceAll("'", "''")}'::pg_catalog.regclass
      order by attnum`,
  );
  return (result?.rows ?? []).map(([name]) => String(name));
}
