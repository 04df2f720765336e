import { defineMigration as define } from './formats/define-migration.ts';
import type { PostgresContext } from './ports/context.ts';

/** What a migration of a PostgreSQL or PGlite is given. */
export type PostgresMigrationContext = PostgresContext;

/**
 * `defineMigration` with PostgreSQL's types.
 *
 * @example
 * ```ts
 * import { defineMigration } from 'godwit/postgres';
 * export default defineMigration({
 *   up: ({ query }) => query('alter table users add column theme text'),
 *   down: ({ query }) => query('alter table users drop column theme'),
 * });
 * ```
 */
export const defineMigration: typeof define<PostgresMigrationContext> =
  define<PostgresMigrationContext>;
