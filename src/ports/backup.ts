import type { DriverName } from './context.ts';

/** A file of a backup, beside its `manifest.json`. */
export interface BackupFile {
  /** Relative to the backup's folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A table, sequence or collection, as it was in the moment of the backup. */
export interface BackupContent {
  /** `public.patients`, `patients`. */
  readonly name: string;
  /** Rows or documents; absent where there are none to count (a sequence). */
  readonly rows?: number | undefined;
  /**
   * Of all that is in it, whatever the order; equal after a restore. Absent where it was
   * not computed. What it is made of is the driver's affair.
   */
  readonly fingerprint?: string | undefined;
}

/** What a driver tells of the backup it made. */
export interface BackupData {
  /** What made it, for people: `pg_dump 18.1`, `godwit`. */
  readonly tool: string;
  /** Of one moment all together, or of one moment for each collection. */
  readonly consistency: 'snapshot' | 'per-collection';
  readonly contents: readonly BackupContent[];
  /** The schemas or collections that were asked for; absent: all. */
  readonly only?: readonly string[] | undefined;
  /** Schemas that a restore replaces, where there are schemas. */
  readonly schemas?: readonly string[] | undefined;
  /** A fingerprint of the schema, by kind of object, where it was computed. */
  readonly schema?: Readonly<Record<string, string>> | undefined;
  /** Files whose checksums were made while they were written, and that are on the disk. */
  readonly files?: readonly BackupFile[] | undefined;
  /** What is not in it, or could not be done, for people. */
  readonly notes: readonly string[];
}

/** `manifest.json`, written last. Changes of meaning change `format`. */
export interface BackupManifest extends BackupData {
  readonly format: 1;
  /** Its folder's name: begins with the time in UTC, so that names sort by age. */
  readonly id: string;
  readonly driver: DriverName;
  /** `host:port`, a folder, or `memory`. */
  readonly host: string;
  readonly database: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly durationMs: number;
  /** Sorted by path. */
  readonly files: readonly BackupFile[];
  /** `before up`, or what its maker said. */
  readonly reason: string;
  /** Version of godwit. */
  readonly godwit: string;
}

/** Called often; cheap. */
export type BackupProgress = (progress: {
  /** What is being worked on, such as a table's name. */
  readonly name: string;
  readonly done: number;
  /** Things in all: tables, collections. */
  readonly total: number;
  /** Rows or documents so far, of all of them. */
  readonly rows: number;
}) => void;

export interface BackupWork {
  /** Ends the work as soon as possible, with GODWIT_STOPPED. */
  readonly signal: AbortSignal;
  readonly onProgress: BackupProgress;
}

export interface CreateBackup extends BackupWork {
  /** An empty folder; all that is put there belongs to the backup. */
  readonly folder: string;
  /** Schemas (PostgreSQL) or collections (MongoDB). Absent: all that can be restored. */
  readonly only?: readonly string[] | undefined;
}

export interface RestoreBackup extends BackupWork {
  readonly folder: string;
  readonly manifest: BackupManifest;
  /** Of its schemas or collections, just these. Throws GODWIT_UNSUPPORTED where it cannot. */
  readonly only?: readonly string[] | undefined;
}

export interface RestoreReport {
  /** What did it, for people. */
  readonly tool: string;
  /** What is there now, counted and fingerprinted anew, as the manifest's contents are. */
  readonly contents: readonly BackupContent[];
  readonly notes: readonly string[];
}

/** How copies are made. */
export interface BackupTools {
  /** Path of a pg_dump; `false` uses none; absent: one is looked for. */
  readonly pgDump?: string | false | undefined;
  /** How MongoDB's files are packed. Default `gzip`. */
  readonly compression?: 'gzip' | 'zstd' | 'none' | undefined;
  /** `snapshot`: fail where not all of it can be of one moment. Default `any`. */
  readonly consistency?: 'any' | 'snapshot' | undefined;
}

/**
 * Makes and restores full copies. Naming, manifests, checksums, retention and the check
 * of the free disk belong to the caller; what a copy looks like, to the driver. The
 * caller holds the lock, which must outlive `restore`.
 */
export interface Backups {
  /**
   * Which tool would be used, and about how many bytes it would write (too many rather
   * than too few). Reads only.
   */
  estimate(options: {
    readonly only?: readonly string[] | undefined;
    /** `plain.write` will follow: its bytes are counted too. */
    readonly plain: boolean;
  }): Promise<{ readonly tool: string; readonly bytes: number }>;
  /**
   * Streams a copy into the folder, in flat memory, without stopping other writers.
   * Throws GODWIT_BACKUP_FAILED, GODWIT_DISK_FULL, GODWIT_STOPPED.
   */
  create(options: CreateBackup): Promise<BackupData>;
  /**
   * Brings back exactly what was there: replaces what it restores, and removes what came
   * later. godwit's own records are part of it, the lock that is held is not. All or
   * nothing where the database can. Throws GODWIT_RESTORE_FAILED, GODWIT_STOPPED.
   */
  restore(options: RestoreBackup): Promise<RestoreReport>;
  /** As `restore`, into a scratch database that is dropped at the end. */
  rehearse(options: RestoreBackup): Promise<RestoreReport>;
  /**
   * The plain file of the newest backup before a plan, which the database's own client
   * restores (`psql < file`): its name, and how it is made of a backup. Absent: none.
   */
  readonly plain?: {
    readonly name: string;
    write(folder: string, file: string): Promise<void>;
  };
  close(): Promise<void>;
}
