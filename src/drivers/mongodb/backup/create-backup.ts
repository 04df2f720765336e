import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GodwitError } from '../../../errors.ts';
import type { BackupData, CreateBackup } from '../../../ports/backup.ts';
import { VERSION } from '../../../version.ts';
import { type CollectionInfo, listCollections } from './collection-info.ts';
import { ENDINGS } from './compression.ts';
import { type Dumped, dumpCollection } from './dump-collection.ts';
import { inParallel } from './in-parallel.ts';
import { writePrelude } from './metadata.ts';
import { settleMoment, whyNotOfMoment } from './moment.ts';
import { type BackupParts, isLock, isTemporary } from './parts.ts';
import type { Moment } from './raw-reader.ts';
import { type Size, sizeOf } from './sizes.ts';

/** Two: one is read while the other's bytes are packed. */
const COLLECTIONS_AT_ONCE = 2;

/**
 * Writes a database in mongodump's layout: `DATABASE/COLLECTION.bson` and
 * `COLLECTION.metadata.json`, packed. As of one moment where the server can, else each
 * collection as it is when its turn comes.
 */
export async function createBackup(parts: BackupParts, options: CreateBackup): Promise<BackupData> {
  const settled = await settleMoment(parts.client, parts.db, parts.topology);
  if (typeof settled === 'string') {
    if (parts.insist) throw inconsistent(settled);
    const data = await dumpAll(parts, options, undefined);
    return { ...data, notes: [`Each collection is of its own moment: ${settled}.`] };
  }
  try {
    return await dumpAll(parts, options, settled);
  } finally {
    await settled.session.endSession();
  }
}

async function dumpAll(
  parts: BackupParts,
  { folder, only, signal, onProgress }: CreateBackup,
  moment: Moment | undefined,
): Promise<BackupData> {
  const { db, compression } = parts;
  const infos = await chosen(parts, only);
  const place = join(folder, db.databaseName);
  await mkdir(place, { recursive: true });
  const sized = await bySize(parts, infos);
  const task = new Task(parts, place, moment, signal);
  const dumped: Dumped[] = [];
  let done = 0;
  let rows = 0;
  await inParallel(sized, COLLECTIONS_AT_ONCE, async ({ info, size }) => {
    const report = (read: number): void => {
      rows += read;
      onProgress({ name: info.name, done, total: sized.length, rows });
    };
    report(0);
    dumped.push(await task.dump(info, size, report));
    done++;
    report(0);
  });
  const { version } = (await db.command({ buildInfo: 1 })) as { version?: string };
  const prelude = join(place, `prelude.json${ENDINGS[compression]}`);
  await writePrelude(prelude, String(version), `godwit ${VERSION}`, compression);
  return {
    tool: 'godwit',
    consistency: moment !== undefined && task.apart.size === 0 ? 'snapshot' : 'per-collection',
    contents: dumped.map(({ content }) => content).sort((a, b) => (a.name < b.name ? -1 : 1)),
    files: dumped.flatMap(({ file }) =>
      file ? { ...file, path: `${db.databaseName}/${file.path}` } : [],
    ),
    ...(only && { only }),
    notes: [...task.apart].sort().map(([name, why]) => `${name} is of its own moment: ${why}.`),
  };
}

async function chosen(
  parts: BackupParts,
  only: readonly string[] | undefined,
): Promise<CollectionInfo[]> {
  const found = await listCollections(parts.db, only);
  const missing = only?.filter((name) => !found.some((one) => one.name === name)) ?? [];
  if (missing.length > 0) {
    throw new GodwitError(
      'GODWIT_COLLECTION_MISSING',
      `There is no collection ${missing.join(', ')} in ${parts.db.databaseName} to back up.`,
      { state: 'Nothing was written.' },
    );
  }
  return found.filter(({ name }) => !isLock(parts, name) && !isTemporary(parts, name));
}

/** The largest first, so that none is begun when all others are done. */
async function bySize(
  { db }: BackupParts,
  infos: readonly CollectionInfo[],
): Promise<{ info: CollectionInfo; size: Size }[]> {
  const sized = await Promise.all(
    infos.map(async (info) => ({ info, size: await sizeOf(db, info) })),
  );
  return sized.sort((a, b) => b.size.bytes - a.size.bytes);
}

/** What the dumps of one backup share: once the moment is past for one, it is for the rest. */
class Task {
  /** Collections that were not read as of the moment, and why. */
  readonly apart = new Map<string, string>();
  readonly #parts: BackupParts;
  readonly #place: string;
  readonly #moment: Moment | undefined;
  readonly #signal: AbortSignal;

  constructor(parts: BackupParts, place: string, moment: Moment | undefined, signal: AbortSignal) {
    this.#parts = parts;
    this.#place = place;
    this.#moment = moment;
    this.#signal = signal;
  }

  async dump(info: CollectionInfo, size: Size, report: (read: number) => void): Promise<Dumped> {
    const work = { parts: this.#parts, place: this.#place, signal: this.#signal, info, size };
    if (info.type === 'view' || this.#moment === undefined) return dumpCollection(work, report);
    // Known beforehand: the server has no history of a capped collection.
    if (info.options['capped'] === true) {
      return this.#dumpApart(work, report, 'it is capped');
    }
    let read = 0;
    try {
      const counted = (more: number): void => {
        read += more;
        report(more);
      };
      return await dumpCollection({ ...work, moment: this.#moment }, counted);
    } catch (error) {
      const why = whyNotOfMoment(error);
      if (why === undefined) throw error;
      report(-read);
      return this.#dumpApart(work, report, why);
    }
  }

  #dumpApart(
    work: Parameters<typeof dumpCollection>[0],
    report: (read: number) => void,
    why: string,
  ): Promise<Dumped> {
    if (this.#parts.insist) throw inconsistent(`${work.info.name}: ${why}`);
    this.apart.set(work.info.name, why);
    return dumpCollection(work, report);
  }
}

function inconsistent(why: string): GodwitError {
  return new GodwitError(
    'GODWIT_BACKUP_FAILED',
    `The config wants a backup of one moment, and this database has none: ${why}.`,
    { state: 'Nothing was kept of it.', next: ['allow it: backup: { consistency: "any" }'] },
  );
}
