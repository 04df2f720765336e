import { around } from '../../core/backfill/definition-text.ts';
import {
  type ArchiveOptions,
  type ArchiveResult,
  archiveOldDocuments,
} from '../../mongoose/helper/archive-documents.ts';
import { type BulkResult, type BulkUpdate, bulkUpdate } from '../../mongoose/helper/bulk-update.ts';
import type { DuplicateOptions, DuplicateResult } from '../../mongoose/helper/duplicate-options.ts';
import {
  addField,
  type CopyFieldOptions,
  copyField,
  type RenameOptions,
  removeField,
  renameField,
} from '../../mongoose/helper/fields.ts';
import {
  createIndex,
  type DropIndexResult,
  dropIndex,
  type IndexKeys,
  type IndexOptions,
  type IndexResult,
} from '../../mongoose/helper/indexes.ts';
import {
  type MigrateDocument,
  type MigrateOptions,
  type MigrateResult,
  migrateCollection,
} from '../../mongoose/helper/migrate-collection.ts';
import { type HelperOptions, type ModelLike, placeOf } from '../../mongoose/helper/place.ts';
import { updateReferences } from '../../mongoose/helper/references.ts';
import { removeDuplicates } from '../../mongoose/helper/remove-duplicates.ts';
import { type SanitizeOptions, sanitizeStringFields } from '../../mongoose/helper/sanitize.ts';
import type {
  TransformDocument,
  TransformOptions,
  TransformResult,
} from '../../mongoose/helper/transform-data.ts';
import type { HelperResult } from '../../mongoose/helper/update.ts';
import { transformAt } from './helper-ledger.ts';

/**
 * What data migrations of MongoDB do most, for a mongoose model of a migration or of any
 * program that has connected it. Every method counts what it did, and takes
 * `{ session, dryRun, signal, onProgress }` and its own options last. They work on what is
 * stored: schemas, hooks and `timestamps` are not asked.
 *
 * All throw GODWIT_HELPER_INVALID for arguments that mean nothing, GODWIT_HELPER_REFUSED
 * for views, `_id` and shard keys, and GODWIT_STOPPED.
 *
 * @example
 * ```js
 * await MigrationHelper.addField(this.models.User, 'phoneVerified', false);
 * ```
 */
// biome-ignore lint/complexity/noStaticOnlyClass: the name and shape that migrations require
export class MigrationHelper {
  /**
   * Sets a field where it is missing; `null` is a value and stays. Safe to repeat.
   *
   * @param defaultValue the value, or a function of the document that returns it
   * @example await MigrationHelper.addField(User, 'avatar', null);
   */
  static async addField(
    Model: ModelLike,
    field: string,
    defaultValue: unknown,
    options: HelperOptions = {},
  ): Promise<HelperResult> {
    const place = await placeOf(Model, options, 'addField');
    if (typeof defaultValue !== 'function') return addField(place, field, defaultValue);
    const missing = { [field]: { $exists: false } };
    const set = around(defaultValue as TransformDocument, async (document: Document) => {
      document[field] = await defaultValue(document);
      return document;
    });
    // On its own it is named by what it does.
    const named = place.run ? { ...options, name: `addField-${field}` } : options;
    return transformAt(place, missing, set, named);
  }

  /** Removes a field, whatever it holds. Safe to repeat. */
  static async removeField(
    Model: ModelLike,
    field: string,
    options: HelperOptions = {},
  ): Promise<HelperResult> {
    return removeField(await placeOf(Model, options, 'removeField'), field);
  }

  /** Moves a field's value, `null` too, to another name. Safe to repeat. */
  static async renameField(
    Model: ModelLike,
    oldName: string,
    newName: string,
    options: HelperOptions & RenameOptions = {},
  ): Promise<HelperResult> {
    return renameField(await placeOf(Model, options, 'renameField'), oldName, newName, options);
  }

  /** Copies a field's value, `null` too, to where the target is missing. Safe to repeat. */
  static async copyField(
    Model: ModelLike,
    source: string,
    target: string,
    options: HelperOptions & CopyFieldOptions = {},
  ): Promise<HelperResult> {
    return copyField(await placeOf(Model, options, 'copyField'), source, target, options);
  }

  /**
   * Sends every matching document through a function, each exactly once: a run that was
   * killed goes on where it stopped (at least once on a standalone server). Only fields that
   * came back changed are written.
   *
   * @param query which documents; `{}` is all
   * @param transformFn changes the document, or returns another; `null` leaves it as it is
   */
  static async transformData(
    Model: ModelLike,
    query: Document,
    transformFn: TransformDocument,
    options: HelperOptions & TransformOptions = {},
  ): Promise<TransformResult> {
    return transformAt(await placeOf(Model, options, 'transformData'), query, transformFn, options);
  }

  /**
   * Many different changes, in batches and in their order.
   *
   * @param updates `{ filter, update, upsert, multi }`, or the driver's `{ updateOne: … }`;
   *   a list or a generator
   */
  static async bulkUpdate(
    Model: ModelLike,
    updates: Iterable<BulkUpdate> | AsyncIterable<BulkUpdate>,
    options: HelperOptions = {},
  ): Promise<BulkResult> {
    return bulkUpdate(await placeOf(Model, options, 'bulkUpdate'), updates);
  }

  /**
   * Removes all but one of the documents with the same values. Safe to repeat. Documents
   * that lack the field are no duplicates of each other, unless `missing: true`.
   *
   * @param fields a field, or several that together must differ
   */
  static async removeDuplicates(
    Model: ModelLike,
    fields: string | readonly string[],
    options: HelperOptions & DuplicateOptions = {},
  ): Promise<DuplicateResult> {
    const place = await placeOf(Model, options, 'removeDuplicates');
    const list = typeof fields === 'string' ? [fields] : fields;
    const { session, signal } = options;
    return removeDuplicates(place, list, options, (model) =>
      placeOf(model, { session, signal }, 'removeDuplicates'),
    );
  }

  /** Takes white space from both ends of texts. Safe to repeat. */
  static async sanitizeStringFields(
    Model: ModelLike,
    fields: readonly string[],
    options: HelperOptions & SanitizeOptions = {},
  ): Promise<HelperResult> {
    return sanitizeStringFields(
      await placeOf(Model, options, 'sanitizeStringFields'),
      fields,
      options,
    );
  }

  /**
   * Builds an index, unless it is there.
   *
   * @throws GODWIT_DUPLICATES before a unique one is begun, with the values that more than
   *   one document has
   */
  static async createIndex(
    Model: ModelLike,
    keys: IndexKeys,
    options: IndexOptions = {},
  ): Promise<IndexResult> {
    const { session, dryRun, signal, onProgress, ...index } = options;
    const place = await placeOf(Model, { session, dryRun, signal, onProgress }, 'createIndex');
    return createIndex(place, 'createIndex', keys, index);
  }

  /** Drops an index by name or keys; one that is not there is no error. */
  static async dropIndex(
    Model: ModelLike,
    index: IndexKeys,
    options: HelperOptions = {},
  ): Promise<DropIndexResult> {
    return dropIndex(await placeOf(Model, options, 'dropIndex'), index);
  }

  /** A unique index, as `createIndex` with `unique: true`. @throws GODWIT_DUPLICATES */
  static async createUniqueConstraint(
    Model: ModelLike,
    keys: IndexKeys | readonly string[],
    options: IndexOptions = {},
  ): Promise<IndexResult> {
    const spec = Array.isArray(keys) ? Object.fromEntries(keys.map((key) => [key, 1])) : keys;
    return MigrationHelper.createIndex(Model, spec as IndexKeys, { ...options, unique: true });
  }

  /**
   * Copies documents into another collection; the source stays. Without a function the
   * server does it alone. Safe to repeat: a document is known by its _id.
   *
   * @param transformFn returns the document for the target; `null` leaves it out
   */
  static async migrateCollection(
    SourceModel: ModelLike,
    TargetModel: ModelLike,
    transformFn?: MigrateDocument | null,
    options: HelperOptions & MigrateOptions = {},
  ): Promise<MigrateResult> {
    const source = await placeOf(SourceModel, options, 'migrateCollection');
    const target = await placeOf(TargetModel, options, 'migrateCollection');
    return migrateCollection(source, target, transformFn ?? undefined, options);
  }

  /**
   * Moves documents whose date is before the cutoff to another collection. Safe to repeat.
   * Never writes over what the archive has, unless `onExisting: 'replace'`; what stays in the
   * source for that is `leftCount`.
   */
  static async archiveOldDocuments(
    Model: ModelLike,
    ArchiveModel: ModelLike,
    cutoffDate: Date,
    dateField = 'createdAt',
    options: HelperOptions & ArchiveOptions = {},
  ): Promise<ArchiveResult> {
    const source = await placeOf(Model, options, 'archiveOldDocuments');
    const archive = await placeOf(ArchiveModel, options, 'archiveOldDocuments');
    return archiveOldDocuments(source, archive, cutoffDate, dateField, options);
  }

  /** Lets what refers to one document refer to another, in arrays too. Safe to repeat. */
  static async updateReferences(
    Model: ModelLike,
    field: string,
    oldId: unknown,
    newId: unknown,
    options: HelperOptions = {},
  ): Promise<HelperResult> {
    return updateReferences(await placeOf(Model, options, 'updateReferences'), field, oldId, newId);
  }
}

type Document = Record<string, unknown>;
