export { MigrationHelper } from './app/classes/helper.ts';
export {
  type AppliedEntry,
  MigrationTracker,
  type TrackerStatus,
} from './app/classes/tracker.ts';
export type { ArchiveOptions, ArchiveResult } from './mongoose/helper/archive-documents.ts';
export type { BulkResult, BulkUpdate } from './mongoose/helper/bulk-update.ts';
export type {
  DuplicateOptions,
  DuplicateResult,
  ReferenceField,
} from './mongoose/helper/duplicate-options.ts';
export type { CopyFieldOptions, RenameOptions } from './mongoose/helper/fields.ts';
export type {
  DropIndexResult,
  IndexKeys,
  IndexOptions,
  IndexResult,
} from './mongoose/helper/indexes.ts';
export type {
  MigrateDocument,
  MigrateOptions,
  MigrateResult,
} from './mongoose/helper/migrate-collection.ts';
export type { HelperOptions, HelperProgress, ModelLike } from './mongoose/helper/place.ts';
export type { SanitizeOptions } from './mongoose/helper/sanitize.ts';
export type {
  TransformDocument,
  TransformOptions,
  TransformResult,
} from './mongoose/helper/transform-data.ts';
export type { HelperResult } from './mongoose/helper/update.ts';
export {
  type BatchResult,
  type CollectionStats,
  type LogType,
  MigrationBase,
} from './mongoose/migration-base.ts';
