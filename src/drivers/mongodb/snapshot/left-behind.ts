import type { MongoClient } from 'mongodb';
import { scratchAge } from '../../../core/scratch-name.ts';

/** No trial takes so long. Who is connected to a database MongoDB does not tell. */
const LEFT_BEHIND_MS = 86_400_000;

/** Drops what killed processes left behind, as far as this user may: it is in nobody's way. */
export async function dropLeftBehind(client: MongoClient): Promise<void> {
  const list = { listDatabases: 1, nameOnly: true, filter: { name: /^godwit_scratch_/ } };
  const answer = await client
    .db('admin')
    .command(list)
    .catch(() => undefined);
  for (const { name } of (answer?.['databases'] ?? []) as { name: string }[]) {
    if ((scratchAge(name) ?? 0) < LEFT_BEHIND_MS) continue;
    await client
      .db(name)
      .dropDatabase()
      .catch(() => undefined);
  }
}
