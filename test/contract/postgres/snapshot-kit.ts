import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import {
  PgliteConnection,
  type PgliteLike,
} from '../../../src/drivers/pglite/pglite-connection.ts';
import type { Connection } from '../../../src/drivers/postgres/connection.ts';
import { type PgClient, PgConnection } from '../../../src/drivers/postgres/pg-connection.ts';
import type { CatalogOptions } from '../../../src/drivers/postgres/snapshot/catalog.ts';
import { readSchema, writeSchema } from '../../../src/drivers/postgres/snapshot/dump.ts';
import { createPglite } from '../../../src/testing/pglite.ts';

export async function connectTo(url: string): Promise<Connection> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return new PgConnection(client as unknown as PgClient);
}

/** PGlite in a folder of its own, copied from a template, which is faster than making one. */
export async function openPglite(): Promise<Connection & { remove(): Promise<void> }> {
  const database = await createPglite();
  const opened = await PGlite.create(database.folder);
  const connection = new PgliteConnection(opened as unknown as PgliteLike);
  const remove = async () => {
    await opened.close();
    await database.remove();
  };
  return Object.assign(connection, { remove });
}

export async function fixture(...names: string[]): Promise<string> {
  const texts = names.map((name) => readFile(`test/fixtures/snapshot/${name}.sql`, 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

/** The whole schema as SQL. */
export async function dump(connection: Connection, options: CatalogOptions = {}): Promise<string> {
  const schema = await readSchema(connection, options);
  return [...writeSchema(schema, 'pre-data'), ...writeSchema(schema, 'post-data')].join('');
}

/** Loads SQL and leaves the session as it was. */
export async function load(connection: Connection, sql: string): Promise<void> {
  await connection.simple(sql);
  await connection.simple('reset all');
}
