import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contest, runOne } from './measure.ts';
import type { Source } from './rows.ts';

/** The same backup is restored in each round; each round's own goes to another folder. */
export async function backupContests(
  source: Source,
  count: number,
  root: string,
): Promise<Contest[]> {
  const kept = join(root, 'kept');
  const taken = join(root, 'taken');
  await source.reset();
  await runOne(source.url, { name: 'backup', script: 'backup:create', folder: kept, done: count });
  const base = { name: 'reading all raw BSON', script: 'driver:read', done: count };
  const clear = () => rm(taken, { recursive: true, force: true });
  const create = { folder: taken, done: count, before: clear };
  return [
    { base, ours: { name: 'backup create (gzip)', script: 'backup:create', ...create } },
    { base, ours: { name: 'backup create (unpacked)', script: 'backup:createPlain', ...create } },
    {
      base: { name: 'inserting the same BSON', script: 'driver:insert', done: count, empty: true },
      ours: {
        name: 'backup restore',
        script: 'backup:restore',
        folder: kept,
        done: count,
        empty: true,
      },
    },
  ];
}
