// umzug with SQL files and a table of its own, as its documentation describes both.
// Usage: umzug-postgres.mjs status|up URL FOLDER
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { Umzug } from 'umzug';

const [command, connectionString, folder] = process.argv.slice(2);
const client = new pg.Client({ connectionString });
await client.connect();
if (command === 'up') {
  await client.query('create table if not exists migrations (name text primary key)');
}
const umzug = new Umzug({
  migrations: {
    glob: ['*.sql', { cwd: folder }],
    resolve: ({ name, path, context }) => ({
      name,
      up: async () => context.query(await readFile(path, 'utf8')),
    }),
  },
  context: client,
  storage: {
    async executed() {
      const { rows } = await client.query('select name from migrations order by name');
      return rows.map(({ name }) => name);
    },
    async logMigration({ name }) {
      await client.query('insert into migrations (name) values ($1)', [name]);
    },
    async unlogMigration({ name }) {
      await client.query('delete from migrations where name = $1', [name]);
    },
  },
  logger: console,
});
if (command === 'up') await umzug.up();
else {
  const [executed, pending] = [await umzug.executed(), await umzug.pending()];
  for (const { name } of executed) console.log(`applied ${name}`);
  for (const { name } of pending) console.log(`pending ${name}`);
}
await client.end();
