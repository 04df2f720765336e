import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import type { BackupContent, RestoreBackup, RestoreReport } from '../../../ports/backup.ts';
import { toMongoError } from '../errors.ts';
import { inParallel } from './in-parallel.ts';
import { createViews, loadCollection } from './load-collection.ts';
import { type BackupParts, isLock, isTemporary } from './parts.ts';
import { refuseStopped } from './raw-reader.ts';
import { readLayout, type Stored } from './read-layout.ts';

/** Two: the server builds one's indexes while the other's documents are sent. */
const COLLECTIONS_AT_ONCE = 2;

/**
 * Brings a database back in four steps: collections are filled and checked under other
 * names, so that until then nothing has changed; time series, which cannot be renamed, are
 * replaced; the others take their names; what came after the backup goes, and views come.
 */
export async function restoreBackup(
  parts: BackupParts,
  options: RestoreBackup,
): Promise<RestoreReport> {
  const { db } = parts;
  const restore = await Restore.prepare(parts, db, options);
  await restore.dropTemporary();
  try {
    await restore.loadAside();
    // The lock may be lost by now, and with it the right to replace anything.
    refuseStopped(options.signal);
  } catch (error) {
    await restore.dropTemporary().catch(() => {});
    throw withState(parts, error, 'The database is as it was.');
  }
  try {
    await restore.replaceSeries();
    await restore.takeNames();
    await restore.dropLater();
    await restore.replaceViews();
  } catch (error) {
    const names = restore.replaced.length > 0 ? restore.replaced.join(', ') : 'nothing yet';
    const state = `Some collections are restored, others are as they were. Restored: ${names}.`;
    throw withState(parts, error, state, ['again: godwit backup restore']);
  } finally {
    await restore.dropTemporary().catch(() => {});
  }
  return restore.report();
}

/** The same, into an empty database, where nothing is in the way. */
export async function loadInto(
  parts: BackupParts,
  db: Db,
  options: RestoreBackup,
): Promise<RestoreReport> {
  const restore = await Restore.prepare(parts, db, options);
  await restore.loadAside((name) => name);
  await restore.replaceSeries();
  await restore.replaceViews();
  return restore.report();
}

class Restore {
  /** Names that bear the backup's contents already. */
  readonly replaced: string[] = [];
  readonly #parts: BackupParts;
  readonly #db: Db;
  readonly #options: RestoreBackup;
  readonly #all: readonly Stored[];
  readonly #contents: BackupContent[] = [];
  #rows = 0;

  constructor(parts: BackupParts, db: Db, options: RestoreBackup, all: readonly Stored[]) {
    this.#parts = parts;
    this.#db = db;
    this.#options = options;
    this.#all = all;
  }

  static async prepare(parts: BackupParts, db: Db, options: RestoreBackup): Promise<Restore> {
    const { folder, manifest, only } = options;
    const stored = await readLayout(folder, manifest, parts.driver.module);
    const names = new Set(stored.map(({ info }) => info.name));
    const missing = only?.filter((name) => !names.has(name)) ?? [];
    const lost = manifest.contents.filter(({ name }) => !names.has(name));
    if (missing.length > 0) {
      throw new GodwitError(
        'GODWIT_COLLECTION_MISSING',
        `The backup has no collection ${missing.join(', ')}.`,
        { state: 'Nothing was restored.', next: [`it has: ${[...names].join(', ')}`] },
      );
    }
    if (lost.length > 0) {
      throw new GodwitError(
        'GODWIT_BACKUP_DAMAGED',
        `The backup's folder lacks ${lost.map(({ name }) => name).join(', ')}.`,
        { state: 'Nothing was restored.', next: ['take another one: godwit backup list'] },
      );
    }
    const wanted = stored.filter(
      ({ info }) => !isLock(parts, info.name) && (only === undefined || only.includes(info.name)),
    );
    return new Restore(parts, db, options, wanted);
  }

  /** Those that a killed restore left, too. */
  async dropTemporary(): Promise<void> {
    const found = await this.#db.listCollections({}, { nameOnly: true }).toArray();
    for (const { name } of found) {
      if (isTemporary(this.#parts, name)) await this.#db.dropCollection(name);
    }
  }

  async loadAside(nameOf = (name: string) => this.#temporaryName(name)): Promise<void> {
    const plain = this.#all.filter(({ info }) => info.type === 'collection');
    await inParallel(plain, COLLECTIONS_AT_ONCE, (stored) =>
      this.#load(stored, nameOf(stored.info.name)),
    );
  }

  async replaceSeries(): Promise<void> {
    for (const stored of this.#all) {
      if (stored.info.type !== 'timeseries') continue;
      await this.#drop(stored.info.name);
      await this.#load(stored, stored.info.name);
      this.replaced.push(stored.info.name);
    }
  }

  async takeNames(): Promise<void> {
    for (const { info } of this.#all) {
      if (info.type !== 'collection') continue;
      const [present] = await this.#db.listCollections({ name: info.name }).toArray();
      // Only a collection can be replaced in one step.
      if (present !== undefined && present.type !== 'collection') await this.#drop(info.name);
      const temporary = this.#temporaryName(info.name);
      await this.#db.renameCollection(temporary, info.name, { dropTarget: true });
      this.replaced.push(info.name);
    }
  }

  /** After the whole was asked for, what it did not have goes. */
  async dropLater(): Promise<void> {
    const { manifest, only } = this.#options;
    if (only !== undefined || manifest.only !== undefined) return;
    const known = new Set(this.#all.map(({ info }) => info.name));
    const found = await this.#db.listCollections({}, { nameOnly: true }).toArray();
    for (const { name } of found) {
      if (known.has(name) || name.startsWith('system.') || isLock(this.#parts, name)) continue;
      await this.#drop(name);
    }
  }

  async replaceViews(): Promise<void> {
    const views = this.#all.map(({ info }) => info).filter(({ type }) => type === 'view');
    for (const { name } of views) await this.#drop(name);
    await createViews(this.#db, views);
    for (const { name } of views) this.#contents.push({ name });
  }

  report(): RestoreReport {
    const contents = this.#contents.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { tool: 'godwit', contents, notes: [] };
  }

  async #load(stored: Stored, as: string): Promise<void> {
    const { manifest, signal, onProgress } = this.#options;
    const { name } = stored.info;
    const report = (written: number): void => {
      this.#rows += written;
      const done = this.#contents.length;
      onProgress({ name, done, total: this.#all.length, rows: this.#rows });
    };
    report(0);
    const expected = manifest.contents.find((one) => one.name === name);
    const load = { parts: this.#parts, db: this.#db, stored, as, expected, signal, report };
    this.#contents.push(await loadCollection(load));
  }

  async #drop(name: string): Promise<void> {
    const there = await this.#db.listCollections({ name }, { nameOnly: true }).hasNext();
    if (there) await this.#db.dropCollection(name);
  }

  /** Short, whatever the collection is called. */
  #temporaryName(name: string): string {
    const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
    return `${this.#parts.prefix}restoring_${hash}`;
  }
}

function withState(
  { url }: BackupParts,
  error: unknown,
  state: string,
  next?: readonly string[],
): GodwitError {
  const named = toMongoError(error, 'restore the database', url, 'GODWIT_RESTORE_FAILED');
  const { code, message, where } = named;
  return new GodwitError(code, message, { where, state, next: next ?? named.next, cause: error });
}
