import { readFile, writeFile } from 'node:fs/promises';
import type { Document } from 'mongodb';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { MongoModule } from '../load-driver.ts';
import type { CollectionInfo } from './collection-info.ts';
import { type Compression, packer, unpacker } from './compression.ts';

/** As mongodump writes it: canonical extended JSON, on one line. */
export async function writeMetadata(
  path: string,
  info: CollectionInfo,
  compression: Compression,
  { BSON }: MongoModule,
): Promise<void> {
  const { name, type, options, uuid, indexes } = info;
  const metadata = {
    ...(Object.keys(options).length > 0 && { options }),
    indexes,
    ...(uuid !== undefined && { uuid }),
    collectionName: name,
    type,
  };
  await writePacked(path, BSON.EJSON.stringify(metadata, { relaxed: false }), compression);
}

/** Of a server and of us; mongorestore looks for the server's version. */
export async function writePrelude(
  path: string,
  server: string,
  tool: string,
  compression: Compression,
): Promise<void> {
  const prelude = JSON.stringify({ ServerVersion: server, ToolVersion: tool });
  await writePacked(path, prelude, compression);
}

async function writePacked(path: string, text: string, compression: Compression): Promise<void> {
  await writeFile(path, await packer(compression)(Buffer.from(text)), { mode: 0o600, flush: true });
}

/** @throws GodwitError `GODWIT_BACKUP_DAMAGED` */
export async function readMetadata(path: string, { BSON }: MongoModule): Promise<CollectionInfo> {
  try {
    const text = await readPacked(path);
    const found = BSON.EJSON.parse(text, { relaxed: false }) as Document;
    const { collectionName, options, indexes, uuid } = found;
    if (typeof collectionName !== 'string') throw new Error('it names no collection');
    return {
      name: collectionName,
      type: typeOf(found),
      options: (options as Document | undefined) ?? {},
      indexes: (indexes as Document[] | undefined) ?? [],
      uuid: uuid as string | undefined,
    };
  } catch (error) {
    if (error instanceof GodwitError) throw error;
    throw new GodwitError(
      'GODWIT_BACKUP_DAMAGED',
      `The file ${path} is damaged: ${thrownMessage(error)}`,
      { where: { file: path }, next: ['take another one: godwit backup list'] },
    );
  }
}

/** Older dumps do not say it. */
function typeOf({ type, options }: Document): CollectionInfo['type'] {
  if (type === 'view' || type === 'timeseries' || type === 'collection') return type;
  if (options?.viewOn !== undefined) return 'view';
  return options?.timeseries === undefined ? 'collection' : 'timeseries';
}

async function readPacked(path: string): Promise<string> {
  const bytes = await readFile(path);
  const unpack = unpacker(path);
  if (unpack === undefined) return bytes.toString();
  const pieces: Buffer[] = [];
  unpack.end(bytes);
  for await (const piece of unpack) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
