import { scratchName } from '../../../core/scratch-name.ts';
import { type ErrorCode, GodwitError } from '../../../errors.ts';
import type {
  BackupData,
  Backups,
  BackupTools,
  CreateBackup,
  RestoreBackup,
  RestoreReport,
} from '../../../ports/backup.ts';
import type { OpenOptions } from '../../../ports/driver.ts';
import { moduleOf } from '../client-module.ts';
import type { Connection } from '../connect.ts';
import { toMongoError } from '../errors.ts';
import { dropLeftBehind } from '../snapshot/left-behind.ts';
import { listCollections } from './collection-info.ts';
import { createBackup } from './create-backup.ts';
import type { BackupParts } from './parts.ts';
import { loadInto, restoreBackup } from './restore-backup.ts';
import { sizeOf } from './sizes.ts';

/** Over the driver's own connection. */
export function openBackups(
  { client, db, topology }: Connection,
  { root, store, url }: OpenOptions,
  { compression = 'gzip', consistency = 'any' }: BackupTools,
): Backups {
  return new MongoBackups({
    client,
    db,
    driver: moduleOf(client, root),
    topology,
    prefix: store.prefix,
    compression,
    insist: consistency === 'snapshot',
    url,
  });
}

class MongoBackups implements Backups {
  readonly #parts: BackupParts;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  /** As if nothing could be compressed: rather too much. */
  async estimate({
    only,
  }: {
    readonly only?: readonly string[] | undefined;
  }): Promise<{ tool: string; bytes: number }> {
    const { db } = this.#parts;
    return this.#named('look at the sizes of the collections', 'GODWIT_BACKUP_FAILED', async () => {
      const infos = await listCollections(db, only);
      const sizes = await Promise.all(infos.map((info) => sizeOf(db, info)));
      const bytes = sizes.reduce((sum, size) => sum + size.bytes + METADATA_BYTES, 0);
      return { tool: 'godwit', bytes };
    });
  }

  create(options: CreateBackup): Promise<BackupData> {
    return this.#named('back the database up', 'GODWIT_BACKUP_FAILED', () =>
      createBackup(this.#parts, options),
    );
  }

  restore(options: RestoreBackup): Promise<RestoreReport> {
    return this.#named('restore the database', 'GODWIT_RESTORE_FAILED', () =>
      restoreBackup(this.#parts, options),
    );
  }

  async rehearse(options: RestoreBackup): Promise<RestoreReport> {
    const { client } = this.#parts;
    await dropLeftBehind(client);
    const scratch = client.db(scratchName());
    return this.#named('rehearse the restore', 'GODWIT_RESTORE_FAILED', async () => {
      try {
        return await loadInto(this.#parts, scratch, options);
      } finally {
        await scratch.dropDatabase();
      }
    });
  }

  async close(): Promise<void> {
    // The connection is the driver's.
  }

  async #named<T>(what: string, code: ErrorCode, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isDiskFull(error)) throw diskFull(error);
      throw toMongoError(error, what, this.#parts.url, code);
    }
  }
}

/** Of one collection, generously. */
const METADATA_BYTES = 4096;

function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function diskFull(cause: unknown): GodwitError {
  return new GodwitError('GODWIT_DISK_FULL', 'The disk became full while the backup was written.', {
    state: 'The database is unchanged.',
    next: ['make room: godwit backup prune --keep 1', 'or put backups elsewhere: backup: { dir }'],
    cause,
  });
}
