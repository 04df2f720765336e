import type { Db } from 'mongodb';
import { sameContent } from '../../../core/same-content.ts';
import { GodwitError } from '../../../errors.ts';
import type { BackupContent } from '../../../ports/backup.ts';
import { MAJORITY } from '../store.ts';
import { LARGE, readDocuments } from './bson-file.ts';
import { type CollectionInfo, secondaryIndexes } from './collection-info.ts';
import { bucketsOf } from './file-names.ts';
import { Fingerprint } from './fingerprint.ts';
import type { BackupParts } from './parts.ts';
import { type RawSource, readRaw, refuseStopped } from './raw-reader.ts';
import { type InsertRaw, rawWriter } from './raw-writer.ts';
import type { Stored } from './read-layout.ts';
import type { Size } from './sizes.ts';

/** A second cursor costs a few messages. */
const WORTH_HALVING = 20_000;
/** Messages under way: the server works on one while the next is unpacked and sent. */
const MESSAGES_AT_ONCE = 2;

export interface Load {
  readonly parts: BackupParts;
  readonly db: Db;
  readonly stored: Stored;
  /** Under which name, which is free. */
  readonly as: string;
  /** As the manifest has it; undefined: not checked. */
  readonly expected: BackupContent | undefined;
  readonly signal: AbortSignal;
  readonly report: (written: number) => void;
}

/**
 * Makes a collection, fills it, reads it again to compare, and builds its indexes last:
 * a TTL index would begin to delete at once.
 *
 * @returns what is there now, counted and fingerprinted
 */
export async function loadCollection(load: Load): Promise<BackupContent> {
  const { db, as, stored } = load;
  const { info } = stored;
  const { expireAfterSeconds, ...options } = info.options;
  await db.command({ create: as, ...options, writeConcern: MAJORITY });
  const holder = info.type === 'timeseries' ? bucketsOf(as) : as;
  const insert = rawWriter(load.parts.driver);
  const sent = await fill(load, holder, insert);
  const found = await fingerprintOf(load, holder, sent);
  check(load, found);
  const indexes = secondaryIndexes(info);
  if (indexes.length > 0) {
    await db.command({ createIndexes: as, indexes, writeConcern: MAJORITY });
  }
  if (expireAfterSeconds !== undefined) await db.command({ collMod: as, expireAfterSeconds });
  return { name: info.name, rows: found.documents, fingerprint: found.toString() };
}

/**
 * A capped collection's order is part of it: one message after the other.
 *
 * @returns what was sent
 */
async function fill(load: Load, holder: string, insert: InsertRaw): Promise<Size> {
  const { db, stored, signal, report } = load;
  if (stored.file === undefined) return { documents: 0, bytes: 0 };
  let size = 0;
  let documents = 0;
  const atOnce = stored.info.options['capped'] === true ? 1 : MESSAGES_AT_ONCE;
  const underWay = new Set<Promise<void>>();
  try {
    for await (const piece of readDocuments(stored.file)) {
      const { bytes, count } = piece;
      refuseStopped(signal);
      size += bytes;
      documents += count;
      const beside = bytes > LARGE ? 0 : atOnce - 1;
      while (underWay.size > beside) await Promise.race(underWay);
      const sent = insert(db, holder, piece).then(() => {
        underWay.delete(sent);
        report(count);
      });
      sent.catch(() => {});
      underWay.add(sent);
      if (bytes > LARGE) await sent;
    }
    await Promise.all(underWay);
    return { documents, bytes: size };
  } finally {
    await Promise.allSettled(underWay);
  }
}

/**
 * Of what the server has; a large collection is read from both ends at once, each its half of
 * what was sent, so that the server prepares one reply while the other is looked at.
 */
async function fingerprintOf(load: Load, holder: string, sent: Size): Promise<Fingerprint> {
  const { db, signal, parts } = load;
  const fingerprint = new Fingerprint();
  const average = sent.documents > 0 ? sent.bytes / sent.documents : 0;
  const source = { client: parts.client, db, name: holder, average, signal };
  const read = async (half: Pick<RawSource, 'backward' | 'limit'>): Promise<void> => {
    for await (const { bytes } of readRaw({ ...source, ...half })) fingerprint.add(bytes);
  };
  const halves = sent.documents >= WORTH_HALVING;
  // Of more or fewer documents the halves would miss some, or meet.
  if (!halves || (await db.collection(holder).estimatedDocumentCount()) !== sent.documents) {
    await read({});
  } else {
    const half = Math.floor(sent.documents / 2);
    await Promise.all([
      read({ limit: sent.documents - half }),
      read({ limit: half, backward: true }),
    ]);
  }
  return fingerprint;
}

function check({ expected, stored }: Load, found: Fingerprint): void {
  if (expected?.rows === undefined) return;
  const same =
    expected.rows === found.documents &&
    sameContent(expected.fingerprint, found.toString()) !== false;
  if (same) return;
  const { name } = stored.info;
  const message =
    expected.rows === found.documents
      ? `${name} has other contents than the backup's manifest says`
      : `${name} has ${found.documents} documents, not ${expected.rows} as the backup's manifest says`;
  throw new GodwitError('GODWIT_RESTORE_FAILED', `After it was loaded, ${message}.`);
}

/** Views may stand on views, in any order: what cannot be made yet is tried again. */
export async function createViews(db: Db, views: readonly CollectionInfo[]): Promise<void> {
  let waiting = [...views];
  while (waiting.length > 0) {
    const failed: CollectionInfo[] = [];
    let problem: unknown;
    for (const view of waiting) {
      try {
        await db.command({ create: view.name, ...view.options, writeConcern: MAJORITY });
      } catch (error) {
        problem = error;
        failed.push(view);
      }
    }
    if (failed.length === waiting.length) throw problem;
    waiting = failed;
  }
}
