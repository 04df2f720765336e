import { MongoClient } from 'mongodb';
import pg from 'pg';
import type { Driver, OpenDriver, OpenOptions } from '../../src/ports/driver.ts';
import type { StepCall } from '../../src/ports/migration.ts';
import type { HarnessDatabase } from '../../src/testing/conformance.ts';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { openPglite } from '../support/pglite.ts';

/** New databases on a server that is stopped at the end. */
export interface DatabaseServer {
  create(): Promise<HarnessDatabase>;
  stop(): Promise<void>;
}

const DEFAULTS: Omit<OpenOptions, 'url'> = {
  root: process.cwd(),
  store: { schema: 'godwit', prefix: 'godwit_' },
  connectTimeoutMs: 5_000,
  lock: 'auto',
  emit: () => {},
};

type Change = Parameters<HarnessDatabase['open']>[0];

/** Opens with the driver under test; what the suite changes wins. */
function opener(open: OpenDriver, options: Pick<OpenOptions, 'url'> & Partial<OpenOptions>) {
  return (change: Change): Promise<Driver> =>
    open({ ...DEFAULTS, ...options, ...(change?.store && { store: change.store }) });
}

export async function mongodbHarness(replicaSet: boolean): Promise<DatabaseServer> {
  const { open } = await import('../../src/drivers/mongodb/driver.ts');
  const server = await startMongod({ replicaSet });
  const outside = await new MongoClient(server.uri).connect();
  return {
    async create() {
      const url = server.databaseUrl();
      const db = outside.db(new URL(url).pathname.slice(1));
      return {
        open: opener(open, { url }),
        async mark({ ctx }: StepCall, n: number) {
          if (ctx.driver === 'mongodb') await ctx.db.collection('marks').insertOne({ n });
        },
        async marks() {
          const found = await db.collection<{ n: number }>('marks').find().sort({ n: 1 }).toArray();
          return found.map(({ n }) => n);
        },
        objects: async () =>
          (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name),
        drop: async () => void (await db.dropDatabase()),
      };
    },
    async stop() {
      await outside.close();
      await server.stop();
    },
  };
}

const MARKS = 'create table if not exists public.marks (n int not null)';
const ALL_MARKS = 'select n from public.marks order by n';
const MARKS_EXIST = `select 1 from pg_tables where schemaname = 'public' and tablename = 'marks'`;
const OBJECTS = `
  select schemaname || '.' || tablename as name from pg_tables
  where schemaname not in ('pg_catalog', 'information_schema')
  union all select nspname from pg_namespace
  where nspname not like 'pg\\_%' and nspname not in ('information_schema', 'public')`;

async function markRow({ ctx }: StepCall, n: number): Promise<void> {
  if (ctx.driver === 'mongodb') return;
  await ctx.query(MARKS);
  await ctx.query('insert into public.marks values ($1)', [n]);
}

type Query = <Row>(text: string) => Promise<Row[]>;

/** What both PostgreSQL drivers look at in the same way. */
function lookAt(query: Query): Pick<HarnessDatabase, 'mark' | 'marks' | 'objects'> {
  return {
    mark: markRow,
    async marks() {
      if ((await query(MARKS_EXIST)).length === 0) return [];
      return (await query<{ n: number }>(ALL_MARKS)).map(({ n }) => n);
    },
    objects: async () => (await query<{ name: string }>(OBJECTS)).map(({ name }) => name),
  };
}

export async function postgresHarness(
  version: 'embedded' | 'system',
  lock: OpenOptions['lock'] = 'auto',
): Promise<DatabaseServer> {
  const { open } = await import('../../src/drivers/postgres/driver.ts');
  const server = await startPostgres({ version });
  return {
    async create() {
      const url = await server.createDatabase();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return {
        open: opener(open, { url, lock }),
        ...lookAt(async <Row>(text: string) => (await client.query(text)).rows as Row[]),
        drop: () => client.end(),
      };
    },
    stop: () => server.stop(),
  };
}

/** The suite looks at the database through the same instance: PGlite opens a folder once. */
export async function pgliteHarness(): Promise<DatabaseServer> {
  const { open } = await import('../../src/drivers/pglite/driver.ts');
  const { client, url, empty, close } = await openPglite();
  return {
    async create() {
      return {
        open: opener(open, { url, client }),
        ...lookAt(async <Row>(text: string) => (await client.query<Row>(text)).rows),
        drop: empty,
      };
    },
    stop: close,
  };
}
