import { startMongod } from '../../../src/testing/mongod.ts';
import { startPostgres } from '../../../src/testing/postgres.ts';

/**
 * What the reliability tests ask of each server: the same five migrations, each of which
 * leaves one mark whenever it runs, so that running twice shows.
 */
export interface Bench {
  readonly name: string;
  /** A new, empty database. */
  database(): Promise<string>;
  /** Files of `count` migrations that take about `ms` each. */
  migrations(count: number, ms: number): Record<string, string>;
  /** How often each migration left its mark, by number. */
  marks(url: string): Promise<Map<number, number>>;
  stop(): Promise<void>;
  /** Where the server listens, for a proxy in between. */
  readonly host: string;
  readonly port: number;
}

const pad = (n: number): string => String(n).padStart(3, '0');

export async function mongoBench(): Promise<Bench> {
  const server = await startMongod();
  const { MongoClient } = await import('mongodb');
  return {
    name: 'mongodb',
    host: server.host,
    port: server.port,
    database: async () => server.databaseUrl(),
    migrations: (count, ms) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `migrations/${pad(i + 1)}_mark.cjs`,
          `module.exports = {
  up: async (db) => {
    await db.collection('marks').insertOne({ n: ${i + 1} });
    await new Promise((resolve) => setTimeout(resolve, ${ms}));
    await db.collection('marks').updateOne({ n: ${i + 1} }, { $set: { finished: true } });
  },
  down: async (db) => { await db.collection('marks').deleteMany({ n: ${i + 1} }); },
};\n`,
        ]),
      ),
    async marks(url) {
      const client = await new MongoClient(url).connect();
      try {
        const found = await client.db().collection('marks').find().toArray();
        return countBy(found.map((mark) => Number(mark['n'])));
      } finally {
        await client.close();
      }
    },
    stop: () => server.stop(),
  };
}

export async function postgresBench(): Promise<Bench> {
  const server = await startPostgres();
  const { default: pg } = await import('pg');
  return {
    name: 'postgres',
    host: '127.0.0.1',
    port: server.port,
    database: () => server.createDatabase(),
    migrations: (count, ms) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `migrations/${pad(i + 1)}_mark.sql`,
          `create table if not exists marks (n int, at timestamptz default now());
insert into marks (n) values (${i + 1});
select pg_sleep(${ms / 1000});\n`,
        ]),
      ),
    async marks(url) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        const exists = await client.query(`select to_regclass('public.marks') as name`);
        if (exists.rows[0]?.name === null) return new Map();
        const { rows } = await client.query<{ n: number }>('select n from public.marks');
        return countBy(rows.map((row) => row.n));
      } finally {
        await client.end();
      }
    },
    stop: () => server.stop(),
  };
}

function countBy(numbers: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1);
  return counts;
}
