import type { BackupRetention } from '../../config/types.ts';
import type { BackupManifest } from '../../ports/backup.ts';
import type { Finding } from '../../ports/finding.ts';
import type { WriteOptions } from '../options.ts';

/** One backup, `backup list --json`. */
export interface BackupEntry {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly driver: string;
  readonly host: string;
  readonly database: string;
  readonly reason: string;
  readonly tool: string;
  readonly consistency: BackupManifest['consistency'];
  /** Its schemas or collections; null: all that can be restored. */
  readonly only: readonly string[] | null;
  /** All its files together. */
  readonly bytes: number;
  /** Tables or collections, and the rows in them. */
  readonly tables: number;
  readonly rows: number;
  readonly durationMs: number;
  /** Absolute. */
  readonly folder: string;
  readonly notes: readonly string[];
}

/** What was taken before a plan, in a run's report. */
export interface BackupTaken extends BackupEntry {
  /** The file that the database's own client restores, absolute, where there is one. */
  readonly plain: string | null;
}

/** `backup create --json`. */
export interface BackupReport {
  readonly backup: BackupTaken;
  /** Ids of older ones that retention removed. */
  readonly pruned: readonly string[];
}

/** `backup list --json`, newest last. */
export interface BackupListing {
  readonly dir: string;
  readonly backups: readonly BackupEntry[];
  /** Folders that look like backups and cannot be read. */
  readonly problems: readonly { readonly id: string; readonly message: string }[];
}

/** `backup prune --json`. */
export interface PruneReport {
  readonly removed: readonly BackupEntry[];
  readonly kept: number;
  readonly freedBytes: number;
  readonly dryRun: boolean;
}

/** `backup verify --json`. No finding of severity `error`: it is good. */
export interface BackupVerification {
  readonly verified: readonly {
    readonly id: string;
    readonly files: number;
    readonly bytes: number;
    /** Restored into a scratch database, and compared there. */
    readonly rehearsed: boolean;
  }[];
  readonly findings: readonly Finding[];
  readonly summary: { readonly error: number; readonly warning: number; readonly info: number };
}

/** `backup restore --json`. */
export interface RestoreResult {
  readonly backup: BackupEntry;
  readonly tool: string;
  /** Tables or collections that are again what the backup says, and rows in them. */
  readonly tables: number;
  readonly rows: number;
  readonly durationMs: number;
  readonly notes: readonly string[];
}

export interface BackupCreateOptions extends WriteOptions {
  readonly only?: readonly string[] | undefined;
  /** Why, for whoever lists backups later. Default `by hand`. */
  readonly reason?: string | undefined;
  /** Also writes the plain file that a backup before a plan writes. */
  readonly plain?: boolean | undefined;
}

export interface BackupRestoreOptions extends WriteOptions {
  readonly only?: readonly string[] | undefined;
  /** Restore although the backup is of a database with another name. */
  readonly otherDatabase?: boolean | undefined;
  /** A person agreed to it: needed in production. */
  readonly confirmed?: boolean | undefined;
}

export interface BackupVerifyOptions extends WriteOptions {
  /** Also restore it into a scratch database, and compare. */
  readonly rehearse?: boolean | undefined;
}

export interface BackupPruneOptions extends WriteOptions {
  /** Instead of the config's `backup.keep`. */
  readonly keep?: BackupRetention | undefined;
  readonly dryRun?: boolean | undefined;
  /** A person agreed to it: needed in production. */
  readonly confirmed?: boolean | undefined;
}

/** Full copies of the database. An id may be shortened to what tells it apart. */
export interface BackupApi {
  /** Throws GODWIT_BACKUP_FAILED, GODWIT_DISK_FULL, GODWIT_UNSUPPORTED, GODWIT_STOPPED. */
  create(options?: BackupCreateOptions): Promise<BackupReport>;
  /** Of this project's folder. Needs no database. */
  list(): Promise<BackupListing>;
  /**
   * Replaces what is in the database by what is in the backup, the newest if none is named,
   * and compares what is there then. In production only with `confirmed: true`.
   * Throws GODWIT_CONFIRMATION_NEEDED, GODWIT_BACKUP_UNKNOWN, GODWIT_BACKUP_DAMAGED, GODWIT_RESTORE_FAILED.
   */
  restore(id?: string, options?: BackupRestoreOptions): Promise<RestoreResult>;
  /** Compares files with checksums; of all backups if none is named. */
  verify(id?: string, options?: BackupVerifyOptions): Promise<BackupVerification>;
  /**
   * Removes backups of this database that retention does not keep, under the lock. In
   * production only with `confirmed: true`. Throws GODWIT_CONFIRMATION_NEEDED, GODWIT_USAGE.
   */
  prune(options?: BackupPruneOptions): Promise<PruneReport>;
}
