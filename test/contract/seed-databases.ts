import { type MigratorDatabase, mongodb, pglite, postgres } from './migrator-databases.ts';

export interface SeedDatabase extends MigratorDatabase {
  /** Makes `users` with a unique `email`. */
  readonly schema: [string, string];
  /** The same file with its `down`, or the one beside it. */
  readonly wayBack: [string, string];
  /** `select` of every user, by email. */
  users(url: string): Promise<Record<string, unknown>[]>;
  /** Rows of the mirror `seeds`. */
  mirrored(url: string): Promise<{ name: string; status: string }[]>;
  /** As somebody does by hand. */
  putIntoMirror(url: string, id: string): Promise<void>;
  /** `seeds` of an application that is about gardens. */
  makeOwnSeeds(url: string): Promise<void>;
  /** How many records it has. */
  ownSeeds(url: string): Promise<number>;
  /** Names of what is in the database. */
  objects(url: string): Promise<string[]>;
}

const CODE_SCHEMA: [string, string] = [
  '001_users.cjs',
  "exports.up = (db) => db.createCollection('users').then((users) => users.createIndex({ email: 1 }, { unique: true }));\n",
];
const CODE_WAY_BACK: [string, string] = [
  CODE_SCHEMA[0],
  `${CODE_SCHEMA[1]}exports.down = (db) => db.dropCollection('users');\n`,
];
const SQL_WAY_BACK: [string, string] = ['001_users.down.sql', 'drop table public.users;\n'];
const SQL_SCHEMA: [string, string] = [
  '001_users.sql',
  'create table public.users (id int generated always as identity, email text unique, name text, age int);\n',
];

async function onMongo(): Promise<SeedDatabase> {
  const base = await mongodb();
  const { MongoClient } = await import('mongodb');
  const look = async <T>(url: string, work: (db: import('mongodb').Db) => Promise<T>) => {
    const client = await new MongoClient(url).connect();
    return work(client.db()).finally(() => client.close());
  };
  const find = (url: string, name: string, by: string) =>
    look(url, (db) =>
      db
        .collection(name)
        .find({}, { projection: { _id: 0 } })
        .sort({ [by]: 1 })
        .toArray(),
    );
  return {
    ...base,
    schema: CODE_SCHEMA,
    wayBack: CODE_WAY_BACK,
    users: (url) => find(url, 'users', 'email'),
    mirrored: async (url) =>
      (await find(url, 'seeds', 'name')).map(({ name, status }) => ({ name, status })),
    putIntoMirror: (url, name) =>
      look(url, async (db) => void (await db.collection('seeds').insertOne({ name }))),
    makeOwnSeeds: (url) =>
      look(url, async (db) => void (await db.collection('seeds').insertOne({ name: 'poppy' }))),
    ownSeeds: (url) => look(url, (db) => db.collection('seeds').countDocuments()),
    objects: (url) =>
      look(url, async (db) =>
        (await db.listCollections().toArray()).map(({ name }) => name).sort(),
      ),
  };
}

const USERS = 'select email, name, age from public.users order by email';
const MIRROR = 'select name, status from public.seeds order by name';
const OBJECTS = `select c.relname as name from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'godwit') and c.relkind in ('r', 'v', 'S') order by 1`;

type Query = (url: string, text: string) => Promise<Record<string, unknown>[]>;

function onSql(base: MigratorDatabase, query: Query): SeedDatabase {
  const withoutNulls = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  return {
    ...base,
    schema: SQL_SCHEMA,
    wayBack: SQL_WAY_BACK,
    users: async (url) => (await query(url, USERS)).map(withoutNulls),
    mirrored: async (url) => (await query(url, MIRROR)) as { name: string; status: string }[],
    putIntoMirror: async (url, name) =>
      void (await query(url, `insert into public.seeds (name) values ('${name}')`)),
    makeOwnSeeds: async (url) => {
      await query(url, 'create table public.seeds (plant text)');
      await query(url, "insert into public.seeds values ('poppy')");
    },
    ownSeeds: async (url) => (await query(url, 'select plant from public.seeds')).length,
    objects: async (url) => (await query(url, OBJECTS)).map(({ name }) => String(name)),
  };
}

async function onPostgres(): Promise<SeedDatabase> {
  const { default: pg } = await import('pg');
  return onSql(await postgres(), async (url, text) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client
      .query(text)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  });
}

async function onPglite(): Promise<SeedDatabase> {
  const base = await pglite();
  return onSql(base, (_url, text) => base.query(text));
}

export const SEED_DATABASES: [string, () => Promise<SeedDatabase>][] = [
  ['mongodb', onMongo],
  ['postgres', onPostgres],
  ['pglite', onPglite],
];
