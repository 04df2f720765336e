// npm run dev
import { createServer } from 'node:http';
import { createMigrator } from 'godwit';

const migrator = createMigrator();
const ready = await migrator.isAtLeast('031');
const { driver, host } = await migrator.target();
const { url } = await migrator.settings();
await migrator.close();
if (!ready) {
  console.error('The database is not ready for this application: ./scripts/apply-migrations.sh');
  process.exit(3);
}

const query = await connect();

// What somebody sees who is not signed in, asked as they would be: in the role anon.
const server = createServer(async (_request, response) => {
  const { rows } = await query(
    'begin; set local role anon; select key, value from settings order by key; commit',
  );
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(Object.fromEntries(rows.map(({ key, value }) => [key, value]))));
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`Moeen listens on port ${server.address().port}`);
});

/** A function that runs several statements at once and returns what the third one found. */
async function connect() {
  if (driver === 'pglite') {
    const { PGlite } = await import('@electric-sql/pglite');
    const db = await PGlite.create(host);
    return async (text) => (await db.exec(text))[2];
  }
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: url });
  return async (text) => (await pool.query(text))[2];
}
