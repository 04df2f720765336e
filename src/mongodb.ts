import type { ClientSession, Db, MongoClient } from 'mongodb';
import { defineMigration as define } from './formats/define-migration.ts';
import type { MongoContext } from './ports/context.ts';

/** What a migration of a MongoDB is given, in the types of the installed `mongodb`. */
export type MongoMigrationContext = MongoContext<Db, MongoClient, ClientSession>;

/**
 * `defineMigration` with MongoDB's own types.
 *
 * @example
 * ```ts
 * import { defineMigration } from 'godwit/mongodb';
 * export default defineMigration({
 *   up: ({ db }) => db.collection('users').createIndex({ email: 1 }, { unique: true }),
 *   down: ({ db }) => db.collection('users').dropIndex('email_1'),
 * });
 * ```
 */
export const defineMigration: typeof define<MongoMigrationContext> = define<MongoMigrationContext>;
export {
  restoreValidator,
  setValidator,
  type ValidatorOptions,
  type ValidatorReport,
} from './drivers/mongodb/validators/set-validator.ts';
export {
  type Tightening,
  tightenValidator,
} from './drivers/mongodb/validators/tighten-validator.ts';
