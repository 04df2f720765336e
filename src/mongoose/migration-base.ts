import type { Db } from 'mongodb';
import { GodwitError } from '../errors.ts';
import type { BackfillSpec, BackfillSummary } from '../ports/backfill-spec.ts';
import type { MongoContext } from '../ports/context.ts';
import { runOf } from './run-of.ts';

// biome-ignore lint/suspicious/noExplicitAny: the project's own mongoose decides the types
type Any = any;

/** How `log` marks a message. */
export type LogType = 'info' | 'success' | 'warning' | 'warn' | 'error' | 'debug';

export interface BatchResult {
  readonly processed: number;
  readonly batches: number;
}

export interface CollectionStats {
  readonly name: string;
  readonly count: number;
  /** Bytes of the documents, uncompressed. */
  readonly size: number;
  /** Bytes on disk. */
  readonly storageSize: number;
  /** Bytes of a document, on average. */
  readonly avgObjSize: number;
  readonly indexes: number;
  /** Bytes of all indexes. */
  readonly indexSize: number;
}

const BATCH = 100;

/**
 * Base class of class migrations. `mongoose` and `models` go through the guard of the run:
 * what they write is counted, fenced, and in a transactional run carries its session.
 *
 * @example
 * ```js
 * class AddAvatar extends MigrationBase {
 *   constructor(mongoose) {
 *     super(mongoose);
 *     this.version = '1.0.0';
 *     this.description = 'Add avatar field to User model';
 *   }
 *   async up() {
 *     return MigrationHelper.addField(this.models.User, 'avatar', null);
 *   }
 *   async down() {
 *     return MigrationHelper.removeField(this.models.User, 'avatar');
 *   }
 * }
 * ```
 */
export abstract class MigrationBase<Mongoose = Any, Models = Any> {
  readonly mongoose: Mongoose;
  readonly models: Models;
  /** A label: the timestamp of the file's name is what identifies a migration. */
  version?: string;
  description?: string;
  author?: string;
  /** `true`: in a transaction or not at all. `false`: never in one. */
  transaction?: boolean;
  /** Safe to run again after an interruption, so that godwit need not ask. */
  idempotent?: boolean;

  /** @param mongoose the project's own, connected to the database that is migrated */
  constructor(mongoose: Mongoose) {
    this.mongoose = mongoose;
    this.models = ((mongoose as Any)?.connection?.models ?? {}) as Models;
  }

  abstract up(): unknown;

  /** Shown to people and kept in the logs; outside godwit it is printed. */
  log(message: unknown, type: LogType = 'info'): void {
    const text =
      type === 'info' || type === 'success' ? String(message) : `${type}: ${String(message)}`;
    const ctx = this.#ctx();
    if (ctx) ctx.log(text);
    else console.log(text);
  }

  /**
   * Calls a function for every item, as many at once as a batch has, and one batch after
   * the other. The items may be a query's cursor: then they are never all in memory.
   *
   * @param items a list, a cursor or any other iterable
   * @param operation called with the item and its number from 0
   * @param batchSize how many at once. Default 100
   * @throws what the operation threw first, once the batch has come to rest; GODWIT_STOPPED
   */
  async executeBatch<Item = Any>(
    items: Iterable<Item> | AsyncIterable<Item>,
    operation: (item: Item, index: number) => unknown,
    batchSize: number = BATCH,
  ): Promise<BatchResult> {
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new GodwitError(
        'GODWIT_HELPER_INVALID',
        `executeBatch needs a batch size from 1, not ${batchSize}.`,
      );
    }
    let processed = 0;
    let batches = 0;
    let batch: Item[] = [];
    const work = async (): Promise<void> => {
      if (batch.length === 0) return;
      this.#check();
      const from = processed;
      const outcomes = await Promise.allSettled(
        batch.map(async (item, index) => operation(item, from + index)),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      processed += batch.length;
      batches++;
      batch = [];
    };
    for await (const item of items) {
      batch.push(item);
      if (batch.length >= batchSize) await work();
    }
    await work();
    return { processed, batches };
  }

  async collectionExists(name: string): Promise<boolean> {
    const found = await this.#db().listCollections({ name }, { nameOnly: true }).toArray();
    return found.length > 0;
  }

  /**
   * Copies a collection inside the server; its options and indexes are remembered.
   *
   * @returns the copy's name
   * @throws GODWIT_COLLECTION_MISSING, GODWIT_UNSUPPORTED for a view,
   *   GODWIT_TRANSACTION_REFUSED inside a transaction
   */
  async backupCollection(name: string): Promise<string> {
    const { copyCollection } = await import('../drivers/mongodb/backup/copy-collection.ts');
    const copy = await copyCollection(this.#db(), name, this.#signal());
    this.log(`${name} is copied to ${copy.name}: ${copy.documents} documents`);
    return copy.name;
  }

  /**
   * Puts a collection back as it was when it was copied, indexes and all. The copy stays.
   *
   * @returns how many documents it has
   */
  async restoreFromBackup(
    original: string,
    backup: string,
  ): Promise<{ readonly documents: number }> {
    const { restoreCopy } = await import('../drivers/mongodb/backup/copy-collection.ts');
    const { documents } = await restoreCopy(this.#db(), original, backup, this.#signal());
    this.log(`${original} is restored from ${backup}: ${documents} documents`);
    return { documents };
  }

  /** @returns false when there was none */
  async dropBackup(name: string): Promise<boolean> {
    const { dropCopy } = await import('../drivers/mongodb/backup/copy-collection.ts');
    return dropCopy(this.#db(), name);
  }

  /** @throws GODWIT_HELPER_INVALID when there is no such collection */
  async getCollectionStats(name: string): Promise<CollectionStats> {
    const [found] = await this.#db()
      .collection(name)
      .aggregate([{ $collStats: { storageStats: {} } }])
      .toArray()
      .catch(() => []);
    const stats = found?.['storageStats'];
    if (stats === undefined || !(await this.collectionExists(name))) {
      throw new GodwitError(
        'GODWIT_HELPER_INVALID',
        `There is no collection ${name} with statistics.`,
        {
          state: 'Nothing was done.',
        },
      );
    }
    return {
      name,
      count: Number(stats['count']),
      size: Number(stats['size']),
      storageSize: Number(stats['storageSize']),
      avgObjSize: Number(stats['avgObjSize'] ?? 0),
      indexes: Number(stats['nindexes']),
      indexSize: Number(stats['totalIndexSize']),
    };
  }

  /**
   * Changes many documents in chunks, each exactly once, resumed after an interruption.
   *
   * @throws GODWIT_UNSUPPORTED outside a run of godwit; what `ctx.backfill` throws
   */
  backfill(spec: BackfillSpec): Promise<BackfillSummary> {
    const ctx = this.#ctx();
    if (ctx) return ctx.backfill(spec);
    throw new GodwitError('GODWIT_UNSUPPORTED', 'A backfill needs a run of godwit.');
  }

  #ctx(): MongoContext | undefined {
    return runOf((this.mongoose as Any)?.connection)?.ctx;
  }

  #db(): Db {
    const db = (this.mongoose as Any)?.connection?.db as Db | undefined;
    if (db !== undefined) return db;
    throw new GodwitError('GODWIT_HELPER_INVALID', 'The migration has no connected mongoose.', {
      next: ['run it with godwit up, or give its constructor a connected mongoose'],
    });
  }

  #signal(): { signal?: AbortSignal } {
    const ctx = this.#ctx();
    return ctx ? { signal: ctx.signal } : {};
  }

  #check(): void {
    if (this.#ctx()?.signal.aborted) {
      throw new GodwitError('GODWIT_STOPPED', 'The migration was stopped.');
    }
  }
}
