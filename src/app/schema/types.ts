import type { SchemaDiff } from '../../core/schema-diff.ts';
import type { Snapshot, SnapshotOptions } from '../../ports/snapshot.ts';
import type { WriteOptions } from '../options.ts';

export interface SchemaDump {
  readonly snapshot: Snapshot;
  /** SQL that makes it again, or for MongoDB a migration in JavaScript. */
  readonly script: string;
}

/**
 * Where a trial runs. `server`: an empty database beside the real one, dropped after it.
 * `embedded`: PGlite in memory. Else a URL, beside whose database one is made.
 */
export type ScratchPlace = 'server' | 'embedded' | (string & {});

export interface SchemaDiffOptions extends SnapshotOptions {
  /** A database's URL, or a dump: `.json`, or `.sql`, which is loaded into a scratch database. */
  readonly from?: string | undefined;
  /** The same. Default: the project's database. */
  readonly to?: string | undefined;
  readonly scratch?: ScratchPlace | undefined;
}

export interface SchemaPlanOptions extends SnapshotOptions, WriteOptions {
  readonly scratch?: ScratchPlace | undefined;
  /**
   * Run pending migrations that are code, too. What they do with the handles they are given
   * happens in the scratch database; a connection that they open themselves is a real one.
   */
  readonly code?: boolean | undefined;
}

/** `schema diff --json`. */
export interface SchemaDiffReport extends SchemaDiff {
  /** Both sides, for people. */
  readonly from: string;
  readonly to: string;
  /** What could not be compared. */
  readonly warnings: readonly string[];
}

/** `migrator.schema`. */
export interface SchemaApi {
  /** The schema as data and as a script. Reads only. GODWIT_UNSUPPORTED. */
  dump(options?: SnapshotOptions): Promise<SchemaDump>;
  /**
   * What leads from one schema to another.
   * Throws GODWIT_SNAPSHOT_INVALID, GODWIT_SNAPSHOT_UNLOADABLE, GODWIT_SCRATCH_FAILED.
   */
  diff(options?: SchemaDiffOptions): Promise<SchemaDiffReport>;
  /** What the pending migrations would change, tried on a scratch copy without rows. */
  diffPlan(options?: SchemaPlanOptions): Promise<SchemaDiffReport>;
}

export interface SquashOptions extends WriteOptions {
  /** Up to and with this version or id. Default: the newest applied one. */
  readonly to?: string | undefined;
  /** Name of the baseline, after its version. Default `baseline`. */
  readonly name?: string | undefined;
  readonly scratch?: ScratchPlace | undefined;
  /** As for `diffPlan`. */
  readonly code?: boolean | undefined;
  /** Say what would be done, write nothing. */
  readonly dryRun?: boolean | undefined;
  /** A person agreed to it: needed in production. */
  readonly confirmed?: boolean | undefined;
}

/** `squash --json`. */
export interface SquashReport {
  /** The new file, relative to the project; not written in a dry run. */
  readonly file: string;
  readonly version: string;
  readonly id: string;
  /** Ids of the migrations that it stands for. */
  readonly replaces: readonly string[];
  /** Where their files are now. */
  readonly moved: readonly { readonly from: string; readonly to: string }[];
  /** True when this database's history now says that it has the baseline. */
  readonly recorded: boolean;
  /** What the baseline does not have, such as rows that a migration wrote. */
  readonly warnings: readonly string[];
  readonly dryRun: boolean;
}
