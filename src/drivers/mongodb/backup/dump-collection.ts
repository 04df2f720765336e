import { join } from 'node:path';
import type { BackupContent, BackupFile } from '../../../ports/backup.ts';
import { PackedFile } from './bson-file.ts';
import type { CollectionInfo } from './collection-info.ts';
import { ENDINGS } from './compression.ts';
import { bucketsOf, fileNameOf } from './file-names.ts';
import { Fingerprint } from './fingerprint.ts';
import { writeMetadata } from './metadata.ts';
import type { BackupParts } from './parts.ts';
import { type Moment, readRaw } from './raw-reader.ts';
import type { Size } from './sizes.ts';

export interface Dump {
  readonly parts: BackupParts;
  /** The database's folder. */
  readonly place: string;
  readonly info: CollectionInfo;
  readonly size: Size;
  readonly moment?: Moment | undefined;
  readonly signal: AbortSignal;
}

export interface Dumped {
  readonly content: BackupContent;
  /** The file of its documents, by its path in the database's folder. */
  readonly file?: BackupFile;
}

/**
 * Writes a collection's two files: its documents, of a time series its buckets, and what it
 * is. A view has the second only. Begun again, it begins the files again.
 */
export async function dumpCollection(dump: Dump, report: (read: number) => void): Promise<Dumped> {
  const { parts, place, info } = dump;
  const ending = ENDINGS[parts.compression];
  const metadata = join(place, `${fileNameOf(info.name)}.metadata.json${ending}`);
  await writeMetadata(metadata, info, parts.compression, parts.driver.module);
  if (info.type === 'view') return { content: { name: info.name } };
  const name = info.type === 'timeseries' ? bucketsOf(info.name) : info.name;
  const path = `${fileNameOf(name)}.bson${ending}`;
  const file = await PackedFile.create(join(place, path), parts.compression);
  try {
    const fingerprint = await pour(dump, name, file, report);
    const { documents: rows } = fingerprint;
    return {
      file: { path, ...(await file.end()) },
      content: { name: info.name, rows, fingerprint: fingerprint.toString() },
    };
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

async function pour(
  { parts, size, moment, signal }: Dump,
  name: string,
  file: PackedFile,
  report: (read: number) => void,
): Promise<Fingerprint> {
  const { client, db } = parts;
  const average = size.documents > 0 ? size.bytes / size.documents : 0;
  const fingerprint = new Fingerprint();
  for await (const batch of readRaw({ client, db, name, average, moment, signal })) {
    fingerprint.add(batch.bytes);
    await file.write(batch.bytes);
    report(batch.count);
  }
  return fingerprint;
}
