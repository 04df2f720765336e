// Checked by tsc, never run: what compiles in a migration, and what must not.
import type { Db, MongoClient } from 'mongodb';
import type { CodeMigration } from '../../src/formats/code-source.ts';
import { defineMigration } from '../../src/formats/define-migration.ts';
import type { MongoContext, PostgresContext } from '../../src/ports/context.ts';

export const plain = defineMigration({
  description: 'Everything is there without naming a type',
  transaction: true,
  idempotent: false,
  async up(ctx) {
    await ctx.db.collection('users').updateMany({}, { $set: { a: 1 } });
    const { rows } = await ctx.client.query('select 1');
    const typed = await ctx.query<{ id: number }>('select id from users where id = $1', [1]);
    const id: number | undefined = typed.rows[0]?.id;
    ctx.log(`${ctx.migration.id} ${ctx.run} ${rows} ${id} ${ctx.variables['x']}`);
    if (ctx.driver === 'mongodb' && ctx.direction === 'up') ctx.signal.throwIfAborted();
    // @ts-expect-error there is no such thing in a context
    ctx.nothing();
    // @ts-expect-error a message is a text
    ctx.log(1);
  },
  down: ({ db }) => db.collection('users').drop(),
  verify: async ({ query }) => query('select 1'),
});

export const mongo = defineMigration<MongoContext<Db, MongoClient>>({
  async up({ db, client, session }) {
    await db.collection('users').createIndex({ email: 1 }, { unique: true });
    // @ts-expect-error the driver's own types know what an index is
    await db.collection('users').createIndex(1n);
    await client.db('other').command({ ping: 1 }, { session });
  },
});

export const postgres = defineMigration<PostgresContext>({
  up: ({ client, query }) => Promise.all([client.query('select 1'), query('select $1::int', [1])]),
  // @ts-expect-error PostgreSQL gives no db
  down: ({ db }) => db,
});

// @ts-expect-error up is missing
defineMigration({ description: 'x' });
// @ts-expect-error true or false
defineMigration({ transaction: 'always', up() {} });
// @ts-expect-error a misspelt property
defineMigration({ up() {}, dwon() {} });
// @ts-expect-error up is a function
defineMigration({ up: 'select 1' });

export const registered: CodeMigration[] = [
  { id: '001_a', up: ({ db }) => db.collection('a').drop() },
  { version: 2, name: 'b', up: async (ctx) => ctx.query('select 1'), down: () => {} },
  { id: '003_c', sql: 'select 1', downSql: 'select 2', transaction: false },
  { id: '004_d', ...plain },
  // @ts-expect-error neither up nor sql
  { id: '005_e' },
];
