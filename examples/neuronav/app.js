// The application of the guide's blue-green chapter. MIGRATION_VERSION is the version of
// the database that this build was written for:
//
//   MIGRATION_VERSION=3 node app.js     the old one, fine on a database at 3 or later
//   MIGRATION_VERSION=4 node app.js     the new one, waits until migration 4 is applied
const http = require('node:http');
const path = require('node:path');
const { createMigrator } = require('godwit');
const { MongoClient } = require('mongodb');
const dotenv = require('dotenv');

dotenv.config({ path: path.join(__dirname, '.env') });

const needed = process.env.MIGRATION_VERSION ?? '4';

async function databaseIsReady(client) {
  const migrator = createMigrator({ root: __dirname, config: __dirname, client });
  try {
    return await migrator.isAtLeast(needed);
  } finally {
    await migrator.close();
  }
}

function profileOf(user) {
  // The old build knows nothing of pictures, and does not mind that they are there.
  if (Number(needed) < 4) return { email: user.email };
  return { email: user.email, picture: user.profilePictureUrl };
}

async function main() {
  const client = new MongoClient(process.env.MONGODB_URI);
  await client.connect();
  if (!(await databaseIsReady(client))) {
    console.error(`The database is not at version ${needed} yet. Run: npm run migrate:up`);
    await client.close();
    process.exitCode = 3;
    return;
  }
  const users = client.db().collection('users');
  const server = http.createServer(async (_request, response) => {
    const found = await users.find().sort({ email: 1 }).limit(100).toArray();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(found.map(profileOf)));
  });
  server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
    console.log(`NeuroNav for version ${needed} listens on port ${server.address().port}`);
  });
  process.once('SIGTERM', async () => {
    server.close();
    server.closeAllConnections();
    await client.close();
  });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
