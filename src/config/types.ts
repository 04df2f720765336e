import type { PublicIdTables, RegistryHolder } from '../core/public-ids/registry.ts';
import type { CodeMigration } from '../formats/code-source.ts';
import type { CodeSeed } from '../formats/seeds/define-seed.ts';
import type { RoleAction } from '../ports/checks.ts';
import type { DriverName } from '../ports/context.ts';
import type { StoreNames, TlsOptions } from '../ports/driver.ts';
import type { FindingSeverity } from '../ports/finding.ts';
import type { MirrorSpec } from '../ports/history.ts';

/** Severity by code of a finding; `off` does not ask at all. */
export type CheckSeverities = Readonly<Record<string, FindingSeverity | 'off'>>;

/** What `lint` looks for, and how serious it is. */
export interface LintConfig {
  /** Severity by code, such as `squawk/ban-drop-column`; `off` drops it. */
  readonly rules?: Readonly<Record<string, FindingSeverity | 'off'>> | undefined;
  /** Every SQL file must be one that can run again. Default `false`. */
  readonly idempotent?: boolean | undefined;
  /** Whether squawk is asked where it is installed. Default `true`. */
  readonly squawk?: boolean | undefined;
  /** Whether secretlint is asked where it is installed. Default `true`. */
  readonly secretlint?: boolean | undefined;
}

/** When `up` and `down` validate what they did: after the plan, or after each migration. */
export type ValidateAfter = 'plan' | 'each' | false;

/** `anon cannot select patients`, or the same in parts. */
export type ExpectationInput =
  | string
  | {
      readonly role: string;
      readonly can?: RoleAction | readonly RoleAction[] | undefined;
      readonly cannot?: RoleAction | readonly RoleAction[] | undefined;
      /** Table or tables, with a schema or without. */
      readonly on: string | readonly string[];
      /** `request.jwt.claims` of the one who asks. */
      readonly claims?: Readonly<Record<string, unknown>> | undefined;
      /** `insert`: the row to be tried. */
      readonly row?: Readonly<Record<string, unknown>> | undefined;
    };

export type { PublicIdInput } from '../core/public-ids/registry.ts';

export type OutOfOrderPolicy = 'warn' | 'refuse' | 'allow';

/** One given statement or function around a plan or each migration. */
export interface Hooks {
  /** After the lock is held, before the first migration. */
  readonly beforeAll?: Hook | undefined;
  readonly beforeEach?: Hook | undefined;
  readonly afterEach?: Hook | undefined;
  /** After the last migration, also when one failed. */
  readonly afterAll?: Hook | undefined;
}

export interface HookCall {
  readonly command: string;
  readonly direction: 'up' | 'down';
  /** The migration, in `beforeEach` and `afterEach`. */
  readonly id?: string | undefined;
  readonly status?: string | undefined;
}

export type Hook = (call: HookCall) => unknown;

/** Copies of the whole database, taken before a plan. */
export interface BackupConfig {
  /** `full`: before every plan that has something to run. Default `none`. */
  readonly mode?: 'none' | 'full' | undefined;
  /**
   * Folder, relative to the config file. Default `backup/migrations`; with several
   * databases a folder of its name in it.
   */
  readonly dir?: string | undefined;
  /** Which older backups of this database may stay. Default: all. */
  readonly keep?: BackupRetention | undefined;
  /** Just these schemas (PostgreSQL) or collections (MongoDB). Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Path of the pg_dump to use; `false` for godwit's own. Default: looked for. */
  readonly pgDump?: string | false | undefined;
  /** How MongoDB's files are packed; zstd needs Node 22.15. Default `gzip`. */
  readonly compression?: 'gzip' | 'zstd' | 'none' | undefined;
  /** MongoDB: `snapshot` fails where not all of it can be of one moment. Default `any`. */
  readonly consistency?: 'any' | 'snapshot' | undefined;
}

/** The newest backup always stays. */
export interface BackupRetention {
  /** At most this many. */
  readonly count?: number | undefined;
  /** None older than this many days. */
  readonly days?: number | undefined;
  /** At most this many bytes together. */
  readonly bytes?: number | undefined;
}

/** How `sync` goes about it. */
export interface SyncConfig {
  /** Whether `up` does it too. Default `true` where this object is given. */
  readonly onUp?: boolean | undefined;
  /** Whether indexes with the same keys and other options may be built anew. Default `false`. */
  readonly rebuild?: boolean | undefined;
  /** How long an index is hidden before it is dropped: ms, or such as `7d`. Default 0. */
  readonly hideFor?: number | string | undefined;
  /** Whether indexes that nothing defines are dropped. Default `true`. */
  readonly drop?: boolean | undefined;
  /** Names of indexes that are left alone, with `*` for anything. */
  readonly ignore?: readonly string[] | undefined;
  /** Whether models' schemas become validators (`$jsonSchema`). Default `false`. */
  readonly validators?: boolean | undefined;
}

/** What a project says of one database. All is optional: flags and defaults fill in. */
export interface DatabaseConfig {
  /** Usually read from the URL's scheme. */
  readonly driver?: DriverName | undefined;
  /** Connection URL, or a function that finds it (a secret manager). */
  readonly url?: string | (() => string | Promise<string>) | undefined;
  /** Environment variables that may hold the URL, in order of priority. */
  readonly env?: readonly string[] | undefined;
  /** URL used when none of `env` is set. */
  readonly defaultUrl?: string | undefined;
  /** A client the program already has: MongoClient, mongoose connection, pg.Pool, PGlite. Never closed. */
  readonly client?: unknown;
  /** Folder or folders of migrations, relative to the config file. Default `migrations`. */
  readonly dir?: string | readonly string[] | undefined;
  /** Folder of backfills, relative to the config file. Default `backfills`. */
  readonly backfillDir?: string | undefined;
  /** Folder of Mongoose models, relative to the config file. Default `models`. */
  readonly modelsDir?: string | undefined;
  /** Folder of `defineCollection` files, relative to the config file. Default `collections`. */
  readonly collectionsDir?: string | undefined;
  /**
   * PostgreSQL: folders of SQL that is run again when it changes (views, functions, policies),
   * relative to the config file. `R__name.sql` beside the migrations needs none.
   */
  readonly definitions?: readonly string[] | undefined;
  /** `true`, or how: `up` brings collections and indexes in line after the migrations. */
  readonly sync?: boolean | SyncConfig | undefined;
  /** Migrations registered in code, beside those of the folder. */
  readonly migrations?: readonly CodeMigration[] | undefined;
  /** Folder of seeds, relative to the config file. Default `seeds`. */
  readonly seedDir?: string | undefined;
  /** Seeds registered in code, beside those of the folder. */
  readonly seeds?: readonly CodeSeed[] | undefined;
  /**
   * Folder of `godwit test`'s data, a folder in it for each migration, relative to the config
   * file. Default: `fixtures`, else `tests/fixtures`, else `test/fixtures`.
   */
  readonly fixturesDir?: string | undefined;
  /** Collection or table that shows which seeds are applied. Default `seeds`; `false` is none. */
  readonly seedMirror?: string | MirrorSpec | false | undefined;
  /** Names of databases that `reset` may empty. */
  readonly resettable?: string | readonly string[] | undefined;
  /** PostgreSQL: schemas whose objects `reset` drops, godwit's own beside. Default `public`. */
  readonly resetSchemas?: readonly string[] | undefined;
  /** URL of the Redis that hands backfills to workers. Default GODWIT_REDIS_URL. */
  readonly redis?: string | undefined;
  /**
   * `classes`: `dir` holds `pending/` and `completed/`, between which files move as they are
   * applied and reverted, `templates/` and `utils/`; the collection `migrations` is a mirror.
   */
  readonly layout?: 'classes' | undefined;
  /** Format of the files; default `auto`. */
  readonly format?: string | undefined;
  /** A known mirror's name (such as `migrationHistory`) or a description of one. */
  readonly mirror?: string | MirrorSpec | false | undefined;
  readonly store?: Partial<StoreNames> | undefined;
  readonly role?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly lock?: 'auto' | 'advisory' | 'lease' | undefined;
  /** How long to wait for the lock, in ms. Default 60 000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Length of a lease, in ms. Default 15 000. */
  readonly lockLeaseMs?: number | undefined;
  /** How long to try to connect, in ms. Default 4 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** PostgreSQL `lock_timeout` in transactions, in ms; 0 is none. Default 5 000. */
  readonly statementLockTimeoutMs?: number | undefined;
  /** PostgreSQL `statement_timeout` in transactions, in ms; 0 is none. Default 0. */
  readonly statementTimeoutMs?: number | undefined;
  /** How often work that met a lock time-out is tried again. Default 5. */
  readonly lockRetries?: number | undefined;
  /** A pending file older than an applied one. Default `warn`. */
  readonly outOfOrder?: OutOfOrderPolicy | undefined;
  /** Replaces `${name}` in SQL. Absent: off, except where a file's directive asks. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly hooks?: Hooks | undefined;
  /** All migrations of a plan in one transaction, where the database can. */
  readonly singleTransaction?: boolean | undefined;
  readonly backup?: BackupConfig | undefined;
  /** Log files of what is done. `true` is `{ dir: 'logs' }`. Default off. */
  readonly logs?: boolean | LogsConfig | undefined;
  /** Folder of checks of the project's own, relative to the config file. Default `checks`. */
  readonly checksDir?: string | undefined;
  /** Severity of findings by code. */
  readonly checks?: CheckSeverities | undefined;
  /** What `lint` looks for. */
  readonly lint?: LintConfig | undefined;
  /** What roles must and must not be able to do. PostgreSQL. */
  readonly expectations?: readonly ExpectationInput[] | undefined;
  /** Schemas that an API shows. Default `public` where there is a role `anon`, else none. */
  readonly exposedSchemas?: readonly string[] | undefined;
  /** Prefixes of public ids by table or collection, or what `defineIds` of `godwit/ids` gives. */
  readonly publicIds?: PublicIdTables | RegistryHolder | undefined;
  /**
   * When `up` and `down` validate. Default `plan` where the config has `expectations`,
   * `checks` or `checksDir`, else `false`.
   */
  readonly validateAfter?: ValidateAfter | undefined;
}

/** Where `migration.log`, `backfill.log` and `validation.log` are written. */
export interface LogsConfig {
  /** Folder, relative to the config. Default `logs`. */
  readonly dir?: string | undefined;
  /** Size at which a file is put aside and a new one begun, in bytes. Default 10 MiB. */
  readonly maxBytes?: number | undefined;
  /** How many files put aside are kept of each. Default 5. */
  readonly keep?: number | undefined;
}

/**
 * `godwit.config.*`. Keys of `DatabaseConfig` at the top are the defaults of every
 * database, and describe the only one when `databases` is absent.
 */
export interface GodwitConfig extends DatabaseConfig {
  readonly databases?: Readonly<Record<string, DatabaseConfig>> | undefined;
  /** `production` makes destructive commands ask. Default: GODWIT_ENV, then NODE_ENV. */
  readonly environment?: string | undefined;
  /** `.env` files to read, relative to the config; `false` reads none. Default `['.env']`. */
  readonly envFiles?: readonly string[] | false | undefined;
  /** How `create` names new files. Default: as the folder does, else `timestamp`. */
  readonly versions?: 'timestamp' | 'number' | undefined;
  /** Language of new files. */
  readonly language?: 'ts' | 'js' | 'cjs' | 'mjs' | 'sql' | undefined;
}

export type ConfigInput =
  | GodwitConfig
  | Promise<GodwitConfig>
  | ((environment: { readonly env: NodeJS.ProcessEnv }) => GodwitConfig | Promise<GodwitConfig>);
