import { MongoClient } from 'mongodb';
import { kill, look, type Stage, show, tell, title, type } from './stage.ts';

const MEMBERS = 40_000;

/** A change of many documents that is killed in the middle. */
export async function tellOfThePoints(folder: string, url: string): Promise<void> {
  const stage: Stage = { folder, env: { MONGODB_URI: url } };
  title('3. A backfill: 40,000 documents, and somebody pulls the plug');
  const client = await new MongoClient(url).connect();
  try {
    const members = client.db().collection('members');
    await members.insertMany(Array.from({ length: MEMBERS }, () => ({ points: 0 })));
    const count = (points: number) => members.countDocuments({ points });
    const ask = async () =>
      look(
        'How many members have no point, one point, more?',
        `${await count(0)} none, ${await count(1)} one, ${await members.countDocuments({ points: { $gt: 1 } })} more`,
      );

    await show(stage, 'backfills/add-a-point.js');
    tell('Done twice to the same member it would be wrong. It is killed with kill -9:');
    const command = 'godwit backfill run add-a-point --max-rate 10000';
    await kill(stage, command, async () => (await count(1)) > MEMBERS / 4);
    await ask();
    tell('The same command goes on where it was:');
    await type(stage, 'godwit backfill run add-a-point');
    await ask();
    await type(stage, 'godwit backfill status add-a-point');
  } finally {
    await client.close();
  }
}
