import { GodwitError } from '../../errors.ts';
import { type Connection, sqlState } from './connection.ts';
import { begin, type Store } from './store.ts';
import { ident, literal } from './text.ts';

/** Layout of the tables. A database with a newer one is left alone. */
export const FORMAT = 1;

const HISTORY_COLUMNS = `
  seq bigint generated always as identity primary key,
  event text not null check (event in ('started', 'checkpoint', 'ended', 'accepted')),
  run uuid not null,
  kind text not null,
  version text not null,
  id text not null,
  name text not null,
  direction text not null,
  status text,
  effect text,
  via text,
  resume text,
  statements integer,
  prefix text,
  before boolean,
  at timestamptz not null default pg_catalog.clock_timestamp(),
  duration_ms double precision,
  description text,
  author text,
  checksum text,
  normalized text,
  result jsonb,
  counts jsonb,
  error jsonb,
  reason text,
  backup text,
  by jsonb not null,
  fence bigint not null`;

const LOCK_COLUMNS = `
  one boolean primary key default true check (one),
  format integer not null,
  fence bigint not null default 0,
  mode text,
  token uuid,
  by jsonb,
  command text,
  since timestamptz,
  pid integer,
  expires_at timestamptz`;

/** SQL that creates schema and tables; run only when they are missing. */
export function schemaSql(store: Store, schemaExists: boolean): string {
  return [
    // Only the owner may comment, and an existing schema may be somebody else's.
    ...(schemaExists
      ? []
      : [
          `create schema ${ident(store.schema)}`,
          `comment on schema ${ident(store.schema)} is 'Migration history and lock of godwit'`,
        ]),
    `create table if not exists ${store.history} (${HISTORY_COLUMNS}\n)`,
    `create table if not exists ${store.lock} (${LOCK_COLUMNS}\n)`,
    `insert into ${store.lock} (format) values (${FORMAT}) on conflict do nothing`,
  ].join(';\n');
}

/** SQL for a script: creates what is missing, and says nothing when all is there. */
export function schemaScript(store: Store): string {
  return [
    `create schema if not exists ${ident(store.schema)}`,
    `create table if not exists ${store.history} (${HISTORY_COLUMNS}\n)`,
    `create table if not exists ${store.lock} (${LOCK_COLUMNS}\n)`,
    `insert into ${store.lock} (format) values (${FORMAT}) on conflict do nothing`,
  ].join(';\n');
}

/**
 * Creates what is missing. Two godwits may get here at once in lease mode, where no lock
 * is held yet: the loser of that race finds everything there.
 */
export async function createSchema(connection: Connection, store: Store): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const exists = await schemaExists(connection, store);
    try {
      await connection.simple(`${begin(store)}${schemaSql(store, exists)};commit`);
      return;
    } catch (error) {
      await connection.simple('rollback').catch(() => undefined);
      // 42P06, 42P07, 23505: somebody else was faster.
      if (attempt >= 5 || !['42P06', '42P07', '23505'].includes(sqlState(error) ?? '')) throw error;
    }
  }
}

async function schemaExists(connection: Connection, store: Store): Promise<boolean> {
  const [result] = await connection.simple(
    `select 1 from pg_catalog.pg_namespace where nspname = ${literal(store.schema)}`,
  );
  return result?.rowCount === 1;
}

/** @throws GodwitError GODWIT_HISTORY_NEWER */
export function checkFormat(format: string | null | undefined, store: Store): void {
  if (format === null || format === undefined || Number(format) <= FORMAT) return;
  throw new GodwitError(
    'GODWIT_HISTORY_NEWER',
    `The schema ${store.schema} has layout ${format}; this godwit knows layouts up to ${FORMAT}.`,
    {
      state: 'Nothing was read or written.',
      next: ['use the newer godwit that wrote it: npm install godwit@latest'],
    },
  );
}
