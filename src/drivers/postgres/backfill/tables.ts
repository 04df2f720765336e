import type { Connection } from '../connection.ts';
import { sqlState } from '../connection.ts';
import { createSchema } from '../schema.ts';
import type { Store } from '../store.ts';
import { ident } from '../text.ts';
import { LONG, type Pool } from './pool.ts';

/** Names of the tables, ready to be put into SQL. */
export interface Tables {
  readonly ledger: string;
  readonly chunk: string;
  readonly poison: string;
  readonly touched: string;
  readonly worker: string;
}

export function tableNames(store: Store): Tables {
  const name = (table: string): string => `${ident(store.schema)}.${table}`;
  return {
    ledger: name('backfill'),
    chunk: name('backfill_chunk'),
    poison: name('backfill_poison'),
    touched: name('backfill_touched'),
    worker: name('backfill_worker'),
  };
}

function createSql(t: Tables): string {
  return `
create table if not exists ${t.ledger} (
  ledger text primary key, name text not null, target text not null,
  generation integer not null, sweep integer not null, state text not null,
  definition text not null, first jsonb, bound jsonb, frontier jsonb, cut boolean not null,
  total bigint not null, exact boolean not null, control jsonb not null default '{}',
  started_at timestamptz not null default pg_catalog.clock_timestamp(), ended_at timestamptz,
  error jsonb, summary jsonb, by jsonb not null);
create table if not exists ${t.chunk} (
  n bigint generated always as identity primary key,
  ledger text not null, generation integer not null, sweep integer not null,
  state text not null, after jsonb, upto jsonb, keys jsonb, versions text[],
  attempts integer not null default 0, worker text, token text,
  claimed_at timestamptz, done_at timestamptz,
  rows bigint, changed bigint, deleted bigint, conflicts bigint, poisoned bigint,
  duration_ms double precision, error jsonb);
create index if not exists backfill_chunk_open on ${t.chunk} (ledger, n)
  where state in ('waiting', 'claimed');
create index if not exists backfill_chunk_ledger on ${t.chunk} (ledger, generation);
create table if not exists ${t.poison} (
  ledger text not null, generation integer not null, key jsonb not null, error jsonb not null,
  attempts integer not null, at timestamptz not null default pg_catalog.clock_timestamp(),
  primary key (ledger, generation, key));
create table if not exists ${t.touched} (
  id bigint generated always as identity,
  ledger text not null, generation integer not null, chunk bigint not null,
  key jsonb not null, before json not null, after text, deleted boolean not null,
  skipped boolean not null default false, primary key (ledger, generation, chunk, id));
create table if not exists ${t.worker} (
  ledger text not null, id text not null, by jsonb not null, rows bigint not null, pid integer,
  heartbeat_at timestamptz not null, primary key (ledger, id))`;
}

/** Creates what is missing. Whoever loses a race with another one finds all there. */
export async function createTables(pool: Pool, store: Store, tables: Tables): Promise<void> {
  const [found] = await pool.run(
    `select pg_catalog.to_regclass('${tables.worker.replaceAll("'", "''")}')`,
  );
  if (found?.rows[0]?.[0] != null) return;
  const sender = { simple: (sql: string) => pool.run(sql.replace(/^begin;|;commit$/g, '')) };
  // Only `simple` is used, and a message of the pool is a transaction anyway.
  await createSchema(sender as unknown as Connection, store);
  for (let attempt = 1; ; attempt++) {
    try {
      await pool.run(createSql(tables), LONG);
      return;
    } catch (error) {
      // 42P07, 23505: somebody else was faster.
      if (attempt >= 5 || !['42P07', '23505'].includes(sqlState(error) ?? '')) throw error;
    }
  }
}
