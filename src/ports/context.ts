import type { BackfillSpec, BackfillSummary } from './backfill-spec.ts';
import type { Direction } from './migration.ts';

export type DriverName = 'mongodb' | 'postgres' | 'pglite';

export interface UpsertOptions {
  /** The field or fields that tell one record from another. */
  readonly key: string | readonly string[];
  /** MongoDB: records hold Extended JSON, such as `{ $oid: '…' }` and `{ $date: '…' }`. */
  readonly extendedJson?: boolean | undefined;
}

export interface UpsertCounts {
  readonly inserted: number;
  readonly updated: number;
  /** Records that were in the database as they are. */
  readonly unchanged: number;
}

/** What every migration is given, whatever the database. */
export interface BaseContext {
  /** The driver of the database that is being migrated. */
  readonly driver: DriverName;
  readonly migration: {
    readonly id: string;
    readonly version: string;
    readonly name: string;
    readonly description?: string | undefined;
  };
  /** Id of this run, a UUID, as in the history and the logs. */
  readonly run: string;
  readonly direction: Direction;
  /** Aborted when the lock is lost or the run must stop at once. */
  readonly signal: AbortSignal;
  /** The project's variables (config `variables`, `--var name=value`). */
  readonly variables: Readonly<Record<string, string>>;
  /** Shown to people and sent as a `run.log` event. */
  log(message: string): void;
  /**
   * Changes many rows in chunks, each exactly once, resumed after an interruption. On
   * PostgreSQL, and in a MongoDB transaction, it comes before the first statement.
   * Throws GODWIT_BACKFILL_INVALID, GODWIT_BACKFILL_LATE, GODWIT_BACKFILL_CHANGED,
   * GODWIT_BACKFILL_FAILED, GODWIT_STOPPED.
   */
  backfill(spec: BackfillSpec): Promise<BackfillSummary>;
  /**
   * Inserts records, or brings those that are there in line, so that a second time changes
   * nothing. Fields that a record does not name stay as they are.
   *
   * @param target collection or table; PostgreSQL needs a unique index on the key
   * @throws GodwitError GODWIT_SEED_INVALID for a record without its key
   */
  upsert(target: string, records: readonly object[], options: UpsertOptions): Promise<UpsertCounts>;
}

/** The project's own mongoose, over the handles of a run. */
// biome-ignore lint/suspicious/noExplicitAny: the project's own mongoose decides the types
export interface MongooseHandles<Mongoose = any, Models = any> {
  readonly mongoose: Mongoose;
  /** By name: all that the project's models folder registers or exports. */
  readonly models: Models;
}

/**
 * Given by MongoDB. The handles come from the guarded client: in a transactional run
 * they carry the session by themselves. They are the project's own driver's, of any
 * major version, which is why a migration that wants exact types names them itself:
 * `defineMigration<MongoContext<Db, MongoClient>>(…)`.
 */
// biome-ignore lint/suspicious/noExplicitAny: the project's own driver decides the type
export interface MongoContext<Db = any, Client = any, Session = any> extends BaseContext {
  readonly driver: 'mongodb';
  readonly db: Db;
  readonly client: Client;
  /** The session of a transactional run; undefined outside one. */
  readonly session: Session | undefined;
  /**
   * The project's mongoose (7, 8 or 9) and models, going through the same handles as
   * `db`. Throws GODWIT_DRIVER_MISSING when the project has no mongoose, and
   * GODWIT_IMPORT_FAILED when a model cannot be imported.
   */
  mongoose(): Promise<MongooseHandles>;
}

export interface SqlResult<Row = Record<string, unknown>> {
  readonly rows: Row[];
  readonly rowCount: number | null;
  readonly command: string;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/** `query` as in `pg`; PGlite is given the same shape. */
export interface SqlClient {
  query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<SqlResult<Row>>;
}

/** Given by PostgreSQL and PGlite. */
export interface PostgresContext<Client = SqlClient> extends BaseContext {
  readonly driver: 'postgres' | 'pglite';
  readonly client: Client;
  /** Short for `client.query`. */
  query: SqlClient['query'];
}

export type MigrationContext = MongoContext | PostgresContext;

/**
 * The context of a migration that does not name its database: everything compiles, and
 * what the database at hand does not give is undefined.
 */
export interface AnyContext extends BaseContext {
  // biome-ignore lint/suspicious/noExplicitAny: the project's own driver decides the type
  readonly db: any;
  // biome-ignore lint/suspicious/noExplicitAny: the project's own driver decides the type
  readonly client: any;
  // biome-ignore lint/suspicious/noExplicitAny: the project's own driver decides the type
  readonly session: any;
  mongoose(): Promise<MongooseHandles>;
  query: SqlClient['query'];
}
