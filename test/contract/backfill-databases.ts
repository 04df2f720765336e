import type { MigratorOptions } from '../../src/app/options.ts';
import type { BackfillSpec } from '../../src/ports/backfill-spec.ts';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { openPglite } from '../support/pglite.ts';

export interface Row {
  readonly id: number;
  readonly n: number;
  readonly phone: string;
  /** Written by the application meanwhile. */
  readonly app: number;
}

/** What the contract of backfills asks of a database: a table `people`, and a way to look. */
export interface BackfillDatabase {
  readonly name: 'mongodb' | 'postgres' | 'pglite';
  /** Whether a second process, or migrator, may open it at the same time. */
  readonly shared: boolean;
  /** URL of a new database with this many people, `id` from 1 and `n` 0. */
  create(count: number): Promise<string>;
  /** How a migrator gets there. */
  connect(url: string): Pick<MigratorOptions, 'url' | 'client'>;
  rows(url: string): Promise<Row[]>;
  /** Adds one to `app`, as an application would, until it is stopped. @returns how often */
  writeUntil(url: string, stopped: () => boolean, count: number): Promise<number>;
  insert(url: string, id: number): Promise<void>;
  setPhone(url: string, id: number, phone: string): Promise<void>;
  /** Refuses phones that begin with `bad` from now on. */
  refuseBadPhones(url: string): Promise<void>;
  /** Collections or tables that there are. */
  objects(url: string): Promise<string[]>;
  /** The target, and the key as it is called here. */
  readonly target: Pick<BackfillSpec, 'collection' | 'table'>;
  /** `n = n + 1`, computed by the database. */
  readonly increment: Pick<BackfillSpec, 'set'>;
  /** Rows up to this id. */
  upTo(id: number): Pick<BackfillSpec, 'filter'>;
  /** What no row may match after each was incremented once. */
  readonly notOnce: NonNullable<BackfillSpec['verify']>;
  /** A migration's text that runs this backfill, then leaves a mark in the database. */
  migration(spec: string, then?: string): [string, string];
  stop(): Promise<void>;
}

const phoneOf = (id: number): string => `0${String(id).padStart(6, '0')}`;

export async function mongodb(): Promise<BackfillDatabase> {
  const server = await startMongod();
  const { MongoClient } = await import('mongodb');
  type Person = { _id: number; n: number; phone: string; app: number };
  const client = await new MongoClient(server.uri).connect();
  const people = (url: string) =>
    client.db(new URL(url).pathname.slice(1)).collection<Person>('people');
  return {
    name: 'mongodb',
    shared: true,
    connect: (url) => ({ url }),
    async create(count) {
      const url = server.databaseUrl();
      const all = Array.from({ length: count }, (_, i) => ({
        _id: i + 1,
        n: 0,
        phone: phoneOf(i + 1),
        app: 0,
      }));
      if (all.length > 0) await people(url).insertMany(all);
      return url;
    },
    async rows(url) {
      const found = await people(url).find().sort({ _id: 1 }).toArray();
      return found.map(({ _id: id, n, phone, app }) => ({ id, n, phone, app }));
    },
    async writeUntil(url, stopped, count) {
      let written = 0;
      while (!stopped()) {
        const _id = 1 + Math.floor(Math.random() * count);
        await people(url).updateOne({ _id }, { $inc: { app: 1 } });
        written++;
      }
      return written;
    },
    insert: async (url, id) => {
      await people(url).insertOne({ _id: id, n: 0, phone: phoneOf(id), app: 0 });
    },
    setPhone: async (url, id, phone) => {
      await people(url).updateOne({ _id: id }, { $set: { phone } });
    },
    refuseBadPhones: async (url) => {
      await client.db(new URL(url).pathname.slice(1)).command({
        collMod: 'people',
        validator: { phone: { $not: /^\+bad/ } },
      });
    },
    objects: async (url) =>
      (await client.db(new URL(url).pathname.slice(1)).listCollections().toArray()).map(
        ({ name }) => name,
      ),
    target: { collection: 'people' },
    increment: { set: [{ $set: { n: { $add: ['$n', 1] } } }] },
    upTo: (id) => ({ filter: { _id: { $lte: id } } }),
    notOnce: { n: { $ne: 1 } },
    migration: (spec, then = '') => [
      '001_people.mjs',
      `export default { up: async (db, client, ctx) => { const s = await ctx.backfill(${spec}); ${then} return s.rows; }, down: async () => {} };\n`,
    ],
    async stop() {
      await client.close();
      await server.stop();
    },
  };
}

type Query = (text: string, values?: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

function sqlDatabase(
  over: <T>(url: string, work: (query: Query) => Promise<T>) => Promise<T>,
): Omit<BackfillDatabase, 'name' | 'shared' | 'create' | 'connect' | 'stop'> & {
  fill(url: string, count: number): Promise<void>;
} {
  return {
    fill: (url, count) =>
      over(url, async (query) => {
        await query(
          'create table people (id int primary key, n int not null, phone text not null, app int not null)',
        );
        await query(
          `insert into people select i, 0, '0' || lpad(i::text, 6, '0'), 0 from generate_series(1, ${count}) i`,
        );
        await query('analyze people');
      }),
    rows: (url) =>
      over(
        url,
        async (query) =>
          (await query('select id, n, phone, app from people order by id'))
            .rows as unknown as Row[],
      ),
    writeUntil: (url, stopped, count) =>
      over(url, async (query) => {
        let written = 0;
        while (!stopped()) {
          const id = 1 + Math.floor(Math.random() * count);
          await query('update people set app = app + 1 where id = $1', [id]);
          written++;
        }
        return written;
      }),
    insert: (url, id) =>
      over(url, async (query) => {
        await query('insert into people values ($1, 0, $2, 0)', [id, phoneOf(id)]);
      }),
    setPhone: (url, id, phone) =>
      over(url, async (query) => {
        await query('update people set phone = $2 where id = $1', [id, phone]);
      }),
    refuseBadPhones: (url) =>
      over(url, async (query) => {
        await query(`alter table people add check (phone not like '+bad%')`);
      }),
    objects: (url) =>
      over(url, async (query) =>
        (
          await query(
            `select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
          )
        ).rows.map((row) => String(row['name'])),
      ),
    target: { table: 'people' },
    increment: { set: { n: 'n + 1' } },
    upTo: (id) => ({ filter: `id <= ${id}` }),
    notOnce: 'n <> 1',
    migration: (spec, then = '') => [
      '001_people.mjs',
      `export default { up: async (client, ctx) => { const s = await ctx.backfill(${spec}); ${then} return s.rows; }, down: async () => {} };\n`,
    ],
  };
}

export async function postgres(): Promise<BackfillDatabase> {
  const server = await startPostgres();
  const { default: pg } = await import('pg');
  const { fill, ...common } = sqlDatabase(async (url, work) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work((text, values) => client.query(text, values));
    } finally {
      await client.end();
    }
  });
  return {
    name: 'postgres',
    shared: true,
    ...common,
    connect: (url) => ({ url }),
    async create(count) {
      const url = await server.createDatabase();
      await fill(url, count);
      return url;
    },
    stop: () => server.stop(),
  };
}

/** One instance for all tests: to open one takes longer than most of them. */
export async function pglite(): Promise<BackfillDatabase> {
  const { client, empty, close } = await openPglite();
  const { fill, ...common } = sqlDatabase((_url, work) =>
    work((text, values) => client.query(text, values)),
  );
  return {
    name: 'pglite',
    shared: false,
    ...common,
    connect: () => ({ client }),
    async create(count) {
      await empty();
      await fill('memory', count);
      return 'memory';
    },
    stop: close,
  };
}
