import { appendFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { look, type Stage, show, tell, title, type } from './stage.ts';

/** JavaScript files on a real mongod. */
export async function tellOfTheShop(folder: string, url: string): Promise<void> {
  const stage: Stage = { folder, env: { MONGODB_URI: url } };
  title('2. A shop: JavaScript files on MongoDB (a real mongod, started for this)');
  await type(stage, 'godwit plan');
  tell('The last one turns 2,000 totals from text into cents:');
  await show(stage, 'migrations/003_totals_in_cents.js');
  await type(stage, 'godwit up', 1);
  tell(
    'Order 1235 has the total "n/a". The first thousand orders had been changed by then;',
    'the transaction took that back, though the file never mentions a session:',
  );
  look('Which types do the totals have?', await askTypes(url));

  tell('The mended file lets what is no number become null.');
  await cp(join(folder, 'mended'), join(folder, 'migrations'), { recursive: true });
  await type(stage, 'godwit up');
  look('Which types do the totals have?', await askTypes(url));
  await type(stage, 'godwit down');
  await type(stage, 'godwit up');

  tell(
    'Somebody edits a migration that is applied already. The database and the folder would',
    'tell different stories, so nothing runs:',
  );
  await appendFile(join(folder, 'migrations/001_create_orders.js'), EDIT);
  await type(stage, 'godwit up', 5);
  tell('Restore the file, or take the edit as meant:');
  await type(stage, 'godwit accept 001_create_orders --reason reviewed --yes');
  await type(stage, 'godwit status');
  await type(stage, 'godwit history');
}

const EDIT = "\nexport const author = 'somebody';\n";

async function askTypes(url: string): Promise<string> {
  const client = await new MongoClient(url).connect();
  try {
    return await typesOf(client.db().collection('orders'));
  } finally {
    await client.close();
  }
}

async function typesOf(orders: Collection): Promise<string> {
  const groups = await orders
    .aggregate<{ _id: string; count: number }>([
      { $group: { _id: { $type: '$total' }, count: { $sum: 1 } } },
      { $sort: { count: -1 } },
    ])
    .toArray();
  return groups.map(({ _id, count }) => `${count} × ${_id}`).join(', ');
}
