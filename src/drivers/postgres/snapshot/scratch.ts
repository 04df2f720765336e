import { randomBytes } from 'node:crypto';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { Driver, OpenDriver, OpenOptions } from '../../../ports/driver.ts';
import type { Scratch } from '../../../ports/snapshot.ts';
import type { Connection } from '../connection.ts';
import { ident } from '../text.ts';
import { loadSchema } from './load.ts';

/**
 * Makes an empty database beside this one, of the same encoding and collation. One that a
 * killed process leaves behind is called `godwit_scratch_…` and holds no rows.
 *
 * @throws GODWIT_SCRATCH_FAILED
 */
export async function createScratch(
  connection: Connection,
  options: OpenOptions,
  open: OpenDriver,
): Promise<Scratch> {
  const name = `godwit_scratch_${randomBytes(6).toString('hex')}`;
  if (options.client !== undefined)
    throw failed(new Error('the connection was given by a program'));
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
