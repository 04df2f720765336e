import { scratchAge, scratchName } from '../../../core/scratch-name.ts';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { Driver, OpenDriver, OpenOptions } from '../../../ports/driver.ts';
import type { Scratch } from '../../../ports/snapshot.ts';
import type { Connection } from '../connection.ts';
import { ident } from '../text.ts';
import { loadSchema } from './load.ts';

/** One that nobody is connected to for so long is nobody's. */
const LEFT_BEHIND_MS = 600_000;

/**
 * Makes an empty database beside this one, of the same encoding and collation, and drops
 * those that killed processes left behind.
 *
 * @throws GODWIT_SCRATCH_FAILED
 */
export async function createScratch(
  connection: Connection,
  options: OpenOptions,
  open: OpenDriver,
): Promise<Scratch> {
  const name = scratchName();
  if (options.client !== undefined)
    throw failed(new Error('the connection was given by a program'));
  await dropLeftBehind(connection);
  try {
    await connection.simple(await createDatabase(connection, name));
  } catch (error) {
    throw failed(error);
  }
  const drop = () => connection.simple(`drop database if exists ${ident(name)} with (force)`);
  let driver: Driver & WithMain;
  try {
    driver = (await open({ ...options, url: urlOf(options.url, name) })) as Driver & WithMain;
  } catch (error) {
    await drop();
    throw failed(error);
  }
  let removed: Promise<void> | undefined;
  return {
    driver,
    where: `database ${name}`,
    load: async (schema) => loadSchema(await driver.connection(), schema, false),
    remove: () => {
      removed ??= driver.close().then(async () => void (await drop()));
      return removed;
    },
  };
}

/** As far as this user may: they are in nobody's way. */
export async function dropLeftBehind(connection: Connection): Promise<void> {
  const [result] = await connection.simple(
    `select datname from pg_catalog.pg_database d where datname like 'godwit\\_scratch\\_%'
    and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)`,
  );
  for (const [name] of result?.rows ?? []) {
    if (name == null || (scratchAge(name) ?? 0) < LEFT_BEHIND_MS) continue;
    await connection.simple(`drop database if exists ${ident(name)}`).catch(() => undefined);
  }
}

/** The drivers of this folder lend their session. */
export interface WithMain {
  connection(): Promise<Connection>;
}

async function createDatabase(connection: Connection, name: string): Promise<string> {
  const [result] = await connection.simple(
    `select pg_catalog.format('create database %I template template0 encoding %L lc_collate %L lc_ctype %L',
      '${name}', pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype)
    from pg_catalog.pg_database where datname = pg_catalog.current_database()`,
  );
  return result?.rows[0]?.[0] ?? '';
}

function urlOf(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(name)}`;
  other.searchParams.delete('dbname');
  return other.href;
}

function failed(cause: unknown): GodwitError {
  return new GodwitError(
    'GODWIT_SCRATCH_FAILED',
    `No scratch database could be made beside this one: ${thrownMessage(cause)}`,
    {
      state: 'Nothing was changed.',
      next: [
        'give the user the right to make databases: alter role … createdb',
        'or use PGlite, in memory: --scratch embedded',
        'or another server: --scratch URL',
      ],
      cause,
    },
  );
}
