import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Driver, OpenOptions } from '../../../src/ports/driver.ts';
import type { Actor } from '../../../src/ports/history.ts';
import type { SqlText } from '../../../src/ports/migration.ts';
import type { Job, Session } from '../../../src/ports/session.ts';
import { startPostgres } from '../../../src/testing/postgres.ts';
import { openPglite } from '../../support/pglite.ts';

export const BY: Actor = { host: 'here', user: 'me', pid: process.pid, godwit: 'test' };
const never = new AbortController().signal;

export async function openPostgres(url: string, more: Partial<OpenOptions> = {}): Promise<Driver> {
  const { open } = await import('../../../src/drivers/postgres/driver.ts');
  return open({ ...optionsOf(url), ...more });
}

export function optionsOf(url: string): OpenOptions {
  return {
    url,
    root: process.cwd(),
    store: { schema: 'godwit', prefix: 'godwit_' },
    connectTimeoutMs: 5_000,
    lock: 'auto',
    emit: () => {},
  };
}

export function acquire(driver: Driver, timeoutMs = 0, leaseMs = 15_000): Promise<Session> {
  return driver.acquire({
    by: BY,
    command: 'up',
    timeoutMs,
    leaseMs,
    signal: never,
    emit: () => {},
  });
}

/** A run of an SQL file. */
export function sqlJob(
  session: Session,
  text: string,
  {
    sql = {},
    version = '1',
    ...extra
  }: Partial<Job> & { sql?: Partial<SqlText>; version?: string } = {},
): Job {
  const file = `${version}_a.sql`;
  return {
    header: {
      run: randomUUID(),
      kind: 'migration',
      version,
      id: `${version}_a`,
      name: 'a',
      direction: 'up',
      by: BY,
      fence: session.fence,
    },
    step: {
      type: 'sql',
      sql: { text, file, line: 1, transaction: 'auto', variables: false, ...sql },
    },
    transaction: 'auto',
    resume: 'checkpoint',
    mirrors: [],
    limits: { lockTimeoutMs: 2_000, statementTimeoutMs: 0, lockRetries: 2 },
    variables: {},
    emit: () => {},
    stop: never,
    abort: never,
    ...extra,
  };
}

export interface TestDatabase {
  readonly driver: Driver;
  /** Looks from another session where there can be one. */
  ask(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface TestServer {
  create(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

export async function postgresServer(): Promise<TestServer> {
  const server = await startPostgres({ version: 'embedded' });
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

/** One instance, emptied for each test, because to open another takes longer than most. */
export async function pgliteServer(): Promise<TestServer> {
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
