import pg from 'pg';
import { hasSystemPostgres, startPostgres } from '../../../src/testing/postgres.ts';
import { openPglite } from '../../support/pglite.ts';
import { openPostgres, optionsOf, postgresServer, type TestServer } from './kit.ts';

/** PostgreSQL as the machine has it: 15 here. */
export async function systemServer(): Promise<TestServer> {
  const server = await startPostgres({ version: 'system', settings: { jit: 'off' } });
  return {
    async create() {
      const url = await server.createDatabase();
      const other = new pg.Client({ connectionString: url });
      other.on('error', () => {});
      await other.connect();
      const driver = await openPostgres(url);
      return {
        driver,
        ask: async (sql) => (await other.query(sql)).rows as Record<string, unknown>[],
        async close() {
          await driver.close();
          await other.end();
        },
      };
    },
    stop: () => server.stop(),
  };
}

/** One database for all tests, emptied for each: making one takes seconds. */
async function pgliteServer(): Promise<TestServer> {
  const { client, empty, close } = await openPglite();
  const { open } = await import('../../../src/drivers/pglite/driver.ts');
  return {
    async create() {
      await empty();
      const driver = await open({ ...optionsOf('pglite:memory'), client });
      return {
        driver,
        ask: async (sql) => (await client.query(sql)).rows as Record<string, unknown>[],
        close: () => driver.close(),
      };
    },
    stop: close,
  };
}

export const SERVERS: readonly (readonly [string, () => Promise<TestServer>])[] = [
  ['PostgreSQL, embedded', postgresServer],
  ...(hasSystemPostgres() ? [['PostgreSQL, of the system', systemServer] as const] : []),
  ['PGlite', pgliteServer],
];

/** Roles are of the whole server: tests share them. */
export const ROLES = `do $$ begin
  if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
end $$`;

/** What Supabase has, as far as policies use it. */
export const AUTH = [
  'create schema auth',
  `create function auth.uid() returns uuid language sql stable as $$
    select nullif(current_setting('request.jwt.claims', true)::jsonb->>'sub', '')::uuid $$`,
  'grant usage on schema auth, public to anon, authenticated',
];
