import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GodwitError } from '../../../errors.ts';
import type { BackupManifest } from '../../../ports/backup.ts';
import type { MongoModule } from '../load-driver.ts';
import type { CollectionInfo } from './collection-info.ts';
import { bucketsOf, fileNameOf } from './file-names.ts';
import { readMetadata } from './metadata.ts';

/** A collection of a backup. */
export interface Stored {
  readonly info: CollectionInfo;
  /** Path of its documents' file; absent for a view. */
  readonly file?: string | undefined;
}

/**
 * What lies in a backup's folder, by its metadata files; packed or not.
 *
 * @throws GodwitError `GODWIT_BACKUP_DAMAGED`
 */
export async function readLayout(
  folder: string,
  manifest: Pick<BackupManifest, 'database'>,
  driver: MongoModule,
): Promise<Stored[]> {
  const place = join(folder, manifest.database);
  const files = await readdir(place).catch(() => []);
  const stored: Stored[] = [];
  for (const file of files.sort()) {
    if (!/\.metadata\.json(\.gz|\.zst)?$/.test(file)) continue;
    const info = await readMetadata(join(place, file), driver);
    stored.push({ info, file: info.type === 'view' ? undefined : documentsOf(place, files, info) });
  }
  return stored;
}

function documentsOf(place: string, files: readonly string[], info: CollectionInfo): string {
  const name = fileNameOf(info.type === 'timeseries' ? bucketsOf(info.name) : info.name);
  const file = ['.bson.gz', '.bson', '.bson.zst']
    .map((ending) => `${name}${ending}`)
    .find((one) => files.includes(one));
  if (file !== undefined) return join(place, file);
  throw new GodwitError(
    'GODWIT_BACKUP_DAMAGED',
    `The backup has no documents of the collection ${info.name}: ${name}.bson is missing.`,
    { where: { file: place }, next: ['take another one: godwit backup list'] },
  );
}
