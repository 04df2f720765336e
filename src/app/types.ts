import type { DatabaseConfig, GodwitConfig, OutOfOrderPolicy, Settings } from '../config/types.ts';
import type { Plan } from '../core/plan.ts';
import type { MigrationState } from '../core/state.ts';
import type { ErrorInfo } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { CodeMigration } from '../formats/code-source.ts';
import type { BackfillSpec } from '../ports/backfill-spec.ts';
import type { CollectionDefinition, SyncOperation } from '../ports/definition.ts';
import type { Diagnosis, Dropped, LockHolder, Target } from '../ports/driver.ts';
import type { Finding, FindingSummary } from '../ports/finding.ts';
import type { Actor, Counts, Via } from '../ports/history.ts';
import type { Direction, Kind } from '../ports/migration.ts';
import type { BackfillApi } from './backfill/types.ts';
import type { BackupApi, BackupTaken } from './backup/types.ts';
import type { ModelChanges, ModelChangesOptions } from './from-models/model-changes.ts';
import type { ShownPlan } from './plan/show.ts';
import type { RoundtripOptions, RoundtripReport } from './roundtrip/types.ts';
import type { SchemaApi, SquashOptions, SquashReport } from './schema/types.ts';
import type {
  SyncOptions,
  SyncPlan,
  SyncPlanOptions,
  SyncReport,
  SyncResult,
} from './sync/types.ts';

export type { Finding } from '../ports/finding.ts';

export interface MigratorOptions extends DatabaseConfig {
  /** Folder to look for the config in, and to resolve `dir` against. Default: the working folder. */
  readonly root?: string | undefined;
  /**
   * A config object, or the path of a config file. `false` reads none. Default: looked for
   * in `root` unless `url`, `client` or `env` is given.
   */
  readonly config?: GodwitConfig | string | false | undefined;
  /** Which of the config's `databases`. */
  readonly database?: string | undefined;
  /** Migrations registered in code, instead of folders. */
  readonly migrations?: readonly CodeMigration[] | undefined;
  /** Backfills registered in code, beside those of the folder. */
  readonly backfills?: readonly BackfillSpec[] | undefined;
  /** Mongoose models the program has already, instead of those of `modelsDir`. */
  readonly models?: readonly unknown[] | undefined;
  /** Collections defined in code, beside those of `collectionsDir`. */
  readonly collections?: readonly CollectionDefinition[] | undefined;
  readonly environment?: string | undefined;
  /** What the lock and the history say is being done. Default: the method's name. */
  readonly command?: string | undefined;
  /** Environment to read variables from. Default `process.env`. */
  readonly processEnv?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface WriteOptions {
  /** First abort: finish or roll back the current migration, then stop. */
  readonly signal?: AbortSignal | undefined;
  /** Second: stop at once. */
  readonly abort?: AbortSignal | undefined;
}

export interface PlanOptions {
  readonly direction?: Direction | undefined;
  /** Up to and with this version or id (`up`); down to, and without, it (`down`). */
  readonly to?: string | undefined;
  /** At most this many. `down` without options is 1. */
  readonly steps?: number | undefined;
  /** `down`: everything. */
  readonly all?: boolean | undefined;
  /** Just this version or id. */
  readonly only?: string | undefined;
  /** Run interrupted ones again. */
  readonly retry?: boolean | undefined;
  readonly outOfOrder?: OutOfOrderPolicy | undefined;
}

export interface RunOptions extends Omit<PlanOptions, 'direction'>, WriteOptions {
  /** Plan and report, run nothing. */
  readonly dryRun?: boolean | undefined;
  /** Insist on this fingerprint: GODWIT_PLAN_CHANGED otherwise. */
  readonly plan?: string | undefined;
  readonly singleTransaction?: boolean | undefined;
  /** A full copy before the first run; `false`: none, whatever the config says. */
  readonly backup?: boolean | undefined;
  /** A person agreed to what `sync` takes away after the migrations, in production. */
  readonly confirmed?: boolean | undefined;
  /** After the plan, after each migration, or not at all. `true` is as configured, else `plan`. */
  readonly validate?: 'plan' | 'each' | boolean | undefined;
}

export interface SeedOptions extends WriteOptions {
  /** Only these, by id, version or name, and what they depend on. */
  readonly only?: readonly string[] | undefined;
  /** Also what was applied before: its data is brought in line. */
  readonly again?: boolean | undefined;
  /** Plan and report, run nothing. */
  readonly dryRun?: boolean | undefined;
}

/** `setup --json`. */
export interface SetupReport {
  readonly migrations: RunReport;
  /** Null when there is nothing to bring in line, or `up` did it already (config `sync`). */
  readonly sync: SyncReport | null;
  /** Null when what comes before them did not succeed. */
  readonly seeds: RunReport | null;
}

export interface ResetOptions extends WriteOptions {
  /** The database that may be emptied; the config's `resettable` names others. */
  readonly databaseName?: string | undefined;
  /** Report what would be dropped, and drop nothing. */
  readonly dryRun?: boolean | undefined;
}

/** `reset --json`. */
export interface ResetReport {
  readonly database: StatusReport['database'];
  readonly dropped: readonly Dropped[];
  readonly dryRun: boolean;
}

/** `up --json`, `down --json`, `redo --json`. */
export interface RunReport {
  readonly runs: readonly RunResult[];
  readonly summary: {
    readonly applied: number;
    readonly reverted: number;
    readonly failed: number;
    readonly remaining: number;
  };
  readonly durationMs: number;
  /** What was brought in line after the migrations, where the config's `sync` asks for it. */
  readonly definitions?: readonly SyncResult[] | undefined;
  /** Problems of the plan that did not stop it, such as out-of-order files. */
  readonly warnings: readonly {
    readonly code: string;
    readonly message: string;
    readonly id?: string | undefined;
  }[];
  /** The copy that was taken before the first run. */
  readonly backup?: BackupTaken | undefined;
  /** What the run brought about, where it was validated: not what was found before it. */
  readonly validation?: ValidationReport | undefined;
  /**
   * Set when stopped by Ctrl-C, a lost lock, a failed hook or what validation found; the CLI
   * exits with its code.
   */
  readonly error?: ErrorInfo | undefined;
}

export interface RunResult {
  readonly id: string;
  readonly version: string;
  readonly direction: Direction;
  readonly status: 'applied' | 'reverted' | 'failed' | 'stopped';
  readonly durationMs: number;
  /** What the migration returned. */
  readonly result?: unknown;
  /** What was done per collection, where the driver sees it. */
  readonly counts?: Counts | undefined;
  readonly error?: ErrorInfo | undefined;
}

/** `status --json`. */
export interface StatusReport {
  readonly database: { readonly driver: string; readonly name: string; readonly host: string };
  readonly migrations: readonly StatusEntry[];
  readonly summary: Readonly<Record<MigrationState, number>>;
  /** The same of the seeds, where the project has any. */
  readonly seeds?: Readonly<Record<MigrationState, number>> | undefined;
  readonly lock: LockHolder | null;
  /** How collections and indexes differ from what is defined, where the config's `sync` asks for it. */
  readonly definitions?: readonly SyncOperation[] | undefined;
  /** Duplicates, unreadable names and the like. */
  readonly problems: Plan['problems'];
}

export interface StatusEntry {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly description: string | null;
  readonly author: string | null;
  readonly kind: Kind;
  readonly state: MigrationState;
  readonly appliedAt: string | null;
  readonly durationMs: number | null;
  readonly checksum: string | null;
  readonly file: string | null;
  /** Of a failed run, or of a revert that failed. */
  readonly error?: ErrorInfo | undefined;
}

/** `history --json`, newest last. */
export interface HistoryReport {
  readonly runs: readonly HistoryRun[];
}

export interface HistoryRun {
  readonly run: string;
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly kind: Kind;
  readonly direction: Direction;
  readonly status: 'applied' | 'reverted' | 'failed' | 'running' | 'interrupted' | 'accepted';
  readonly via: Via | null;
  readonly description: string | null;
  readonly author: string | null;
  readonly checksum: string | null;
  readonly at: string;
  readonly durationMs: number | null;
  readonly error: ErrorInfo | null;
  readonly result: unknown;
  readonly counts: Counts | null;
  readonly reason: string | null;
  readonly backup: string | null;
  readonly by: Actor;
  readonly fence: number;
}

/** `show ID --json`. */
export interface ShowReport {
  readonly migration: StatusEntry;
  /** The source files, relative, with their text. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
  readonly runs: readonly HistoryRun[];
}

export interface ValidateOptions extends WriteOptions {
  /** MongoDB: also documents that break their collection's validator, which reads them all. */
  readonly documents?: boolean | undefined;
}

/** `validate --json`. */
export interface ValidationReport {
  readonly findings: readonly Finding[];
  readonly summary: FindingSummary;
}

export interface LintOptions {
  /** Files, folders, ids or versions. Default: what is not applied, with the seeds. */
  readonly targets?: readonly string[] | undefined;
  /** Only files that are not on this branch, or differ there; also what is wrong beside it. */
  readonly since?: string | undefined;
  /** Also what is applied already. */
  readonly all?: boolean | undefined;
  /** Ask no database, even where one is configured. */
  readonly offline?: boolean | undefined;
}

/** `lint --json`. */
export interface LintReport {
  readonly findings: readonly Finding[];
  readonly summary: FindingSummary;
}

export interface DoctorReport {
  readonly diagnoses: readonly Diagnosis[];
  readonly summary: { readonly ok: number; readonly warning: number; readonly error: number };
}

export interface RecordOptions extends WriteOptions {
  /** Why, for whoever reads the history later. */
  readonly reason?: string | undefined;
}

export interface RecordReport {
  readonly records: readonly {
    readonly id: string;
    readonly version: string;
    readonly status: string;
  }[];
}

export interface CreateOptions {
  readonly language?: 'ts' | 'js' | 'cjs' | 'mjs' | 'sql' | undefined;
  readonly format?: string | undefined;
  readonly versions?: 'timestamp' | 'number' | undefined;
  /** A seed instead of a migration. */
  readonly seed?: boolean | undefined;
  /**
   * `addField`, `transform`, `schema`, `seed`, `backfill`, `online-change`, `validator`, or a
   * file of the project's own in `templates/` beside the migrations.
   */
  readonly template?: string | undefined;
  /** Which of several folders. Default the first. */
  readonly dir?: string | undefined;
  /** Write what takes the database to what the Mongoose models say, and back. */
  readonly fromModels?: boolean | undefined;
  /** With `fromModels`: compare with the last snapshot of the folder, and keep one. */
  readonly snapshot?: boolean | undefined;
  /** With `fromModels`: fields that have another name now, such as `users.fullname:name`. */
  readonly renames?: readonly string[] | undefined;
  /** With `fromModels`: fields whose values go, such as `users.nickname`. */
  readonly removals?: readonly string[] | undefined;
}

/**
 * Everything the CLI does. Connects at the first call that needs it; `close` when done.
 * Methods reject with GodwitError; a failed migration does not reject, it is in the report.
 */
export interface Migrator extends AsyncDisposable {
  settings(): Promise<Settings>;
  target(): Promise<Target>;
  plan(options?: PlanOptions): Promise<ShownPlan>;
  /** The script a database administrator would run by hand. */
  planSql(options?: PlanOptions): Promise<string>;
  up(options?: RunOptions): Promise<RunReport>;
  down(options?: RunOptions): Promise<RunReport>;
  /** Reverts and applies again the newest, or the given one. */
  redo(options?: RunOptions): Promise<RunReport>;
  /**
   * Sample and reference data: runs the seeds that are not applied. Refused in production:
   * GODWIT_PRODUCTION. A failed seed does not reject, it is in the report.
   */
  seed(options?: SeedOptions): Promise<RunReport>;
  /** `up`, then `sync` where there are models or definitions, then `seed`. Safe to run again. */
  setup(options?: WriteOptions): Promise<SetupReport>;
  /**
   * Drops everything in the database, godwit's records included. Rejects with
   * GODWIT_PRODUCTION, or GODWIT_RESET_REFUSED for a database whose name it was not told.
   */
  reset(options?: ResetOptions): Promise<ResetReport>;
  status(): Promise<StatusReport>;
  /** The folder alone: needs no database. */
  list(): Promise<readonly StatusEntry[]>;
  show(id: string): Promise<ShowReport>;
  history(options?: {
    readonly id?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<HistoryReport>;
  /** Asks folder and database for all that is wrong. Reads only. */
  validate(options?: ValidateOptions): Promise<ValidationReport>;
  /**
   * Reads the files for what is dangerous, and runs none. Needs no database; where one is
   * configured and answers, its sizes decide how dangerous.
   */
  lint(options?: LintOptions): Promise<LintReport>;
  /** Records by hand that a migration is applied, or is not. */
  mark(id: string, as: 'applied' | 'pending', options?: RecordOptions): Promise<RecordReport>;
  /** Takes the present files of these (or all) modified migrations as the applied ones. */
  accept(ids: readonly string[], options?: RecordOptions): Promise<RecordReport>;
  /** Records everything up to and with this version as applied, without running it. */
  baseline(version: string, options?: RecordOptions): Promise<RecordReport>;
  /** How collections and indexes differ from models and definitions. */
  planSync(options?: SyncPlanOptions): Promise<SyncPlan>;
  /** Brings collections and indexes in line with models and definitions. */
  sync(options?: SyncOptions): Promise<SyncReport>;
  /** Folds applied files into one baseline; the files are moved aside, never deleted. */
  squash(options?: SquashOptions): Promise<SquashReport>;
  /**
   * Runs migrations up, down and up again in a database made for it, and reports what `down`
   * did not restore. The project's own database is read only with `sample`.
   */
  test(options?: RoundtripOptions): Promise<RoundtripReport>;
  /** How models differ from the last snapshot, or from the database. */
  modelChanges(options?: ModelChangesOptions): Promise<ModelChanges>;
  create(name: string, options?: CreateOptions): Promise<{ readonly files: readonly string[] }>;
  /** The schema as data: dumps and differences. */
  readonly schema: SchemaApi;
  /** Large data changes in chunks. */
  readonly backfill: BackfillApi;
  /** Full copies: made, listed, restored, verified, pruned. */
  readonly backup: BackupApi;
  lockHolder(): Promise<LockHolder | undefined>;
  /** Takes the lock away from exactly this holder. */
  unlock(holder: LockHolder): Promise<boolean>;
  doctor(): Promise<DoctorReport>;
  /** Whether the database has at least this version applied, without a gap before it. */
  isAtLeast(version: string | number): Promise<boolean>;
  /** @returns a function that stops listening */
  on(listener: Emit): () => void;
  close(): Promise<void>;
}
