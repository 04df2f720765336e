// umzug as its documentation has it for MongoDB. Usage: umzug-mongodb.mjs status|up URL FOLDER
import { MongoClient } from 'mongodb';
import { MongoDBStorage, Umzug } from 'umzug';

const [command, url, folder] = process.argv.slice(2);
const client = await MongoClient.connect(url);
const umzug = new Umzug({
  migrations: { glob: ['*.js', { cwd: folder }] },
  context: client.db(),
  storage: new MongoDBStorage({ collection: client.db().collection('migrations') }),
  logger: console,
});
if (command === 'up') await umzug.up();
else {
  const [executed, pending] = [await umzug.executed(), await umzug.pending()];
  for (const { name } of executed) console.log(`applied ${name}`);
  for (const { name } of pending) console.log(`pending ${name}`);
}
await client.close();
