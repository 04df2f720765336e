import type { DatabaseConfig, GodwitConfig, OutOfOrderPolicy } from '../config/types.ts';
import type { CodeMigration } from '../formats/code-source.ts';
import type { BackfillSpec } from '../ports/backfill-spec.ts';
import type { CollectionDefinition } from '../ports/definition.ts';
import type { Direction } from '../ports/migration.ts';

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

export interface ResetOptions extends WriteOptions {
  /** The database that may be emptied; the config's `resettable` names others. */
  readonly databaseName?: string | undefined;
  /** Report what would be dropped, and drop nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface ValidateOptions extends WriteOptions {
  /** MongoDB: also documents that break their collection's validator, which reads them all. */
  readonly documents?: boolean | undefined;
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

export interface RecordOptions extends WriteOptions {
  /** Why, for whoever reads the history later. */
  readonly reason?: string | undefined;
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
