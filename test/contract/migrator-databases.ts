import type { MigratorOptions } from '../../src/app/options.ts';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { openPglite } from '../support/pglite.ts';

/** What the migrator's contract asks of a database: files that leave marks, and the marks. */
export interface MigratorDatabase {
  readonly name: 'mongodb' | 'postgres' | 'pglite';
  /** URL of a new, empty database. */
  create(): Promise<string>;
  /** How a migrator gets there. */
  connect(url: string): Pick<MigratorOptions, 'url' | 'client'>;
  /** `[file name, text]` of a migration that leaves mark `n` and can be reverted. */
  file(n: number, name?: string): [string, string];
  /** Leaves mark `n`, then fails. */
  failing(n: number): [string, string];
  /** Leaves mark `n`; its verify does not hold. */
  unverified(n: number): Record<string, string>;
  /** Leaves mark `n`, and has no way back. */
  oneWay(n: number): [string, string];
  marks(url: string): Promise<number[]>;
  stop(): Promise<void>;
}

const stem = (n: number, name: string): string => `${String(n).padStart(3, '0')}_${name}`;

export async function mongodb(): Promise<MigratorDatabase> {
  const server = await startMongod();
  const { MongoClient } = await import('mongodb');
  const up = (n: number, then = ''): string =>
    `exports.up = async (db) => { await db.collection('marks').insertOne({ n: ${n} }); ${then} };\n`;
  const down = (n: number): string =>
    `exports.down = async (db) => { await db.collection('marks').deleteOne({ n: ${n} }); };\n`;
  return {
    name: 'mongodb',
    create: async () => server.databaseUrl(),
    connect: (url) => ({ url }),
    file: (n, name = 'mark') => [`${stem(n, name)}.cjs`, up(n) + down(n)],
    failing: (n) => [`${stem(n, 'mark')}.cjs`, up(n, `throw new Error('no luck ${n}');`) + down(n)],
    unverified: (n) => ({
      [`${stem(n, 'mark')}.cjs`]: `${up(n) + down(n)}exports.verify = async () => { throw new Error('not good'); };\n`,
    }),
    oneWay: (n) => [`${stem(n, 'mark')}.cjs`, up(n)],
    async marks(url) {
      const client = await new MongoClient(url).connect();
      try {
        const found = await client.db().collection('marks').find().toArray();
        return found.map((mark) => Number(mark['n'])).sort((a, b) => a - b);
      } finally {
        await client.close();
      }
    },
    stop: () => server.stop(),
  };
}

const sqlUp = (n: number): string =>
  `create table if not exists public.marks (n int);\ninsert into public.marks values (${n});\n`;
const sqlDown = (n: number): string => `delete from public.marks where n = ${n};\n`;

const sqlFiles: Pick<MigratorDatabase, 'file' | 'failing' | 'unverified' | 'oneWay'> = {
  file: (n, name = 'mark') => [
    `${stem(n, name)}.sql`,
    `-- godwit:up\n${sqlUp(n)}-- godwit:down\n${sqlDown(n)}`,
  ],
  failing: (n) => [
    `${stem(n, 'mark')}.sql`,
    `-- godwit:up\n${sqlUp(n)}select no_such_column;\n-- godwit:down\n${sqlDown(n)}`,
  ],
  unverified: (n) => ({
    [`${stem(n, 'mark')}.sql`]: sqlUp(n),
    [`${stem(n, 'mark')}.verify.sql`]: 'select n from public.marks where n > 0;\n',
  }),
  oneWay: (n) => [`${stem(n, 'mark')}.sql`, sqlUp(n)],
};

export async function postgres(): Promise<MigratorDatabase> {
  const server = await startPostgres();
  const { default: pg } = await import('pg');
  return {
    name: 'postgres',
    create: () => server.createDatabase(),
    connect: (url) => ({ url }),
    ...sqlFiles,
    async marks(url) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        const exists = await client.query(`select to_regclass('public.marks') as name`);
        if (exists.rows[0]?.name === null) return [];
        const { rows } = await client.query<{ n: number }>('select n from public.marks order by n');
        return rows.map((row) => row.n);
      } finally {
        await client.end();
      }
    },
    stop: () => server.stop(),
  };
}

export interface PgliteMigratorDatabase extends MigratorDatabase {
  query<Row>(text: string): Promise<Row[]>;
}

/** One instance for all tests, which looks from outside as well: to open one takes seconds. */
export async function pglite(): Promise<PgliteMigratorDatabase> {
  const { client, empty, close } = await openPglite();
  const query = async <Row>(text: string): Promise<Row[]> => (await client.query<Row>(text)).rows;
  return {
    name: 'pglite',
    async create() {
      await empty();
      return 'memory';
    },
    connect: () => ({ client }),
    ...sqlFiles,
    query,
    async marks() {
      const [found] = await query<{ name: string | null }>(
        `select to_regclass('public.marks')::text as name`,
      );
      if (found?.name === null) return [];
      return (await query<{ n: number }>('select n from public.marks order by n')).map(
        ({ n }) => n,
      );
    },
    stop: close,
  };
}
