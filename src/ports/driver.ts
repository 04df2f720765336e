import type { Emit } from '../events.ts';
import type { TableActivity } from './activity.ts';
import type { Backfills } from './backfill.ts';
import type { Backups, BackupTools } from './backup.ts';
import type { Checks } from './checks.ts';
import type { DriverName, MongoContext, MongooseHandles } from './context.ts';
import type { DefinitionReader } from './definition.ts';
import type { HistoryReader, MirrorRecord, MirrorSpec, RunHeader } from './history.ts';
import type { SqlText, TransactionMode } from './migration.ts';
import type { PublicIdReader } from './public-ids.ts';
import type { Rows } from './rows.ts';
import type { AcquireOptions, Dropped, LockHolder, ResetScope, Session } from './session.ts';
import type { Scratch, Snapshot, SnapshotOptions } from './snapshot.ts';

/** What a driver can do. Callers branch on these, never on a driver's name. */
export interface Capabilities {
  /** SQL files can be run. */
  readonly sql: boolean;
  /** Schema changes roll back with a transaction, so `auto` means in a transaction. */
  readonly transactionalDdl: boolean;
  /** Transactions exist at all (false on a standalone mongod). */
  readonly transactions: boolean;
  /** All migrations of a plan can share one transaction. */
  readonly singleTransaction: boolean;
  /** The lock is a lease that must be renewed, not a session of the server. */
  readonly lease: boolean;
}

/** What is being migrated, safe to show: never a password. */
export interface Target {
  readonly driver: DriverName;
  /** `host:port`, a folder, or `memory`. */
  readonly host: string;
  readonly database: string;
  readonly user?: string | undefined;
}

/** One answer of `doctor`. */
export interface Diagnosis {
  readonly code: string;
  readonly severity: 'ok' | 'info' | 'warning' | 'error';
  readonly message: string;
  readonly fix?: string | undefined;
}

/** How SQL will be run: `always` in a transaction, or `never`, statement by statement. */
export interface Prediction {
  readonly mode: TransactionMode;
  /** Why not in a transaction. */
  readonly reasons: readonly string[];
}

/** Writes the script that a DBA would run by hand. */
export interface ScriptStep {
  readonly header: RunHeader;
  readonly sql: SqlText;
  readonly transaction: TransactionMode;
  readonly mirrors: readonly MirrorSpec[];
}

/** An open database. Opening connects, but must not write. */
export interface Driver {
  readonly name: DriverName;
  readonly capabilities: Capabilities;
  readonly target: Target;
  readonly history: HistoryReader;
  /** The newest holder, live or dead; undefined when nobody holds it. Reads only. */
  lockHolder(): Promise<LockHolder | undefined>;
  /** Takes the lock away from exactly this holder; false if it was no longer the one. */
  breakLock(holder: LockHolder): Promise<boolean>;
  /**
   * Creates godwit's own tables or collections where they are missing (only after the
   * lock is held, where the server allows that order) and takes the lock.
   * Throws GODWIT_LOCK_HELD, GODWIT_STOPPED, GODWIT_PERMISSION_DENIED.
   */
  acquire(options: AcquireOptions): Promise<Session>;
  /** Records now in the mirror; a missing one reads as empty. Reads only. */
  readMirror(spec: MirrorSpec): Promise<MirrorRecord[]>;
  diagnose(): Promise<Diagnosis[]>;
  /** How large tables or collections are, by estimates. Reads only. Absent while a driver cannot. */
  activity?(): Promise<readonly TableActivity[]>;
  /** How collections are. Absent where a database has none. */
  definitions?(): Promise<DefinitionReader>;
  /**
   * Backfills over at most this many connections of their own.
   * Absent while a driver cannot.
   */
  backfills?(options: { readonly connections: number }): Promise<Backfills>;
  /** How tables are that have public ids. Reads only. Absent while a driver cannot. */
  publicIds?(): Promise<PublicIdReader>;
  /** Full copies, made and restored. Absent while a driver cannot. */
  backups?(tools: BackupTools): Promise<Backups>;
  /** Questions to ask of this database; they read only. Absent while a driver has none. */
  checks?(): Promise<Checks>;
  /**
   * Decides as a run would, without asking the server. Absent where there is no SQL.
   * Throws what the run would: GODWIT_TRANSACTION_REFUSED, GODWIT_FILE_INVALID.
   */
  predict?(sql: SqlText): Promise<Prediction>;
  /**
   * The schema as data. Reads only; absent while a driver cannot.
   */
  snapshot?(options: SnapshotOptions): Promise<Snapshot>;
  /** A snapshot as a text that makes it again: SQL, or a migration in JavaScript. */
  snapshotScript?(snapshot: Snapshot, purpose: 'file' | 'migration'): Promise<string>;
  /**
   * Makes an empty database of the same kind for a trial, beside this one.
   * Throws GODWIT_SCRATCH_FAILED.
   */
  scratch?(): Promise<Scratch>;
  /** The rows themselves, for fingerprints and samples. Absent while a driver cannot. */
  rows?(): Promise<Rows>;
  /** Throws GODWIT_UNSUPPORTED where `capabilities.sql` is false. */
  script(steps: readonly ScriptStep[]): Promise<string>;
  /** What `reset` of a session would drop now. Reads only. Absent while a driver cannot. */
  resettable?(scope: ResetScope): Promise<readonly Dropped[]>;
  /** Closes connections; releases a lock that is still held. Safe to call twice. */
  close(): Promise<void>;
}

/** Where godwit keeps its own records. */
export interface StoreNames {
  /** PostgreSQL schema, default `godwit`. */
  readonly schema: string;
  /** MongoDB collection prefix, default `godwit_`. */
  readonly prefix: string;
}

export interface TlsOptions {
  readonly enabled?: boolean | undefined;
  /** Path of a PEM file with the CA. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

export interface OpenOptions {
  readonly url: string;
  /** The project's folder: its copy of the database's driver is used if it has one. */
  readonly root: string;
  readonly store: StoreNames;
  /** PostgreSQL: `SET ROLE` for the work. */
  readonly role?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  /** How long to try to connect, in ms. */
  readonly connectTimeoutMs: number;
  /** PostgreSQL: `advisory`, `lease`, or `auto` (lease behind a transaction pooler). */
  readonly lock: 'auto' | 'advisory' | 'lease';
  /** A client the caller already has (mongoose connection, MongoClient, PGlite). Never closed by godwit. */
  readonly client?: unknown;
  /** MongoDB: what `ctx.mongoose()` opens. */
  readonly mongoose?: MongooseOpener | undefined;
  readonly emit: Emit;
}

export interface MongooseOpener {
  /**
   * To be called before migrations are imported.
   *
   * @returns tells whether what was imported since brought models that nobody connects
   */
  watch(): () => boolean;
  /**
   * Opens the project's mongoose over this client, which passes the guard of whichever run
   * is under way, with the project's models.
   */
  open(given: { readonly client: unknown; readonly database: string }): Promise<OpenedMongoose>;
}

export interface OpenedMongoose extends MongooseHandles {
  /** False once a migration has closed it. */
  isOpen(): boolean;
  /** Says whose run the handles belong to now. */
  enter(ctx: MongoContext): void;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Each driver folder's `driver.ts` exports one of these as `open`. */
export type OpenDriver = (options: OpenOptions) => Promise<Driver>;
