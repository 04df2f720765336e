import type { BackupContent, BackupWork } from '../../../ports/backup.ts';
import type { Connection } from '../connection.ts';
import { stoppedError } from '../interrupt.ts';
import type { Store } from '../store.ts';
import { ident } from '../text.ts';
import { nameArray } from './extent.ts';

/** Settings that decide how values are written as text. */
export const PLAIN_TEXT = `set local datestyle = 'ISO, MDY'; set local intervalstyle = 'postgres';
  set local timezone = 'UTC'; set local bytea_output = 'hex'; set local extra_float_digits = 1;
  set local xmloption = 'content'; set local row_security = off; set local search_path = ''`;

/** The lock belongs to now: it is neither restored nor compared. */
export const lockTitle = ({ schema }: Store): string => `${schema}.lock`;

export interface Relation {
  readonly schema: string;
  readonly name: string;
  /** `public.users`, as people write it. */
  readonly title: string;
  /** Quoted. */
  readonly sql: string;
}

/** Tables with rows of their own, in the schemas, but for those of extensions. */
export async function readRelations(
  connection: Connection,
  schemas: readonly string[],
  kind: 'table' | 'sequence' | 'matview',
): Promise<Relation[]> {
  const letter = { table: 'r', sequence: 'S', matview: 'm' }[kind];
  const [result] = await connection.simple(
    `select n.nspname, c.relname from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind = '${letter}' and n.nspname = any (${nameArray(schemas)})
        ${kind === 'matview' ? 'and c.relispopulated' : ''}
        and not exists (select 1 from pg_catalog.pg_depend e where e.deptype = 'e'
          and e.objid = c.oid and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
      order by 1, 2`,
  );
  return (result?.rows ?? []).map(([schema, name]) => ({
    schema: String(schema),
    name: String(name),
    title: `${schema}.${name}`,
    sql: `${ident(String(schema))}.${ident(String(name))}`,
  }));
}

/**
 * Counts and fingerprints everything in the schemas, inside the transaction that is open.
 * A fingerprint is a sum over the rows' hashes: their order does not matter.
 *
 * @param skip title of a table that is not compared: the lock that is held
 */
export async function measureContents(
  connection: Connection,
  schemas: readonly string[],
  skip: string,
  { signal, onProgress }: BackupWork,
): Promise<BackupContent[]> {
  await connection.simple(PLAIN_TEXT);
  const tables = await readRelations(connection, schemas, 'table');
  const contents: BackupContent[] = [];
  let rows = 0;
  for (const [done, { title, sql }] of tables.entries()) {
    if (signal.aborted) throw stoppedError();
    if (title === skip) continue;
    onProgress({ name: `checksum of ${title}`, done, total: tables.length, rows });
    const [result] = await connection.simple(
      `select count(*), coalesce(sum(pg_catalog.hashtextextended(t::pg_catalog.text, 0)), 0)
        from only ${sql} t`,
    );
    const [count, fingerprint] = result?.rows[0] ?? [];
    rows += Number(count);
    contents.push({ name: title, rows: Number(count), fingerprint: String(fingerprint) });
  }
  for (const { title, sql } of await readRelations(connection, schemas, 'sequence')) {
    const [result] = await connection.simple(`select last_value, is_called from ${sql}`);
    const [value, called] = result?.rows[0] ?? [];
    contents.push({ name: title, fingerprint: `${value}${called === 't' ? ' called' : ''}` });
  }
  return contents;
}
