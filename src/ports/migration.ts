import type { MigrationContext } from './context.ts';
import type { SqlParts } from './sql-part.ts';

/** What a record in the history is about. Kinds have separate version spaces. */
export type Kind = 'migration' | 'seed' | 'definition' | 'backfill';
export type Direction = 'up' | 'down';

/**
 * How SQL or code is run. `auto` lets the driver decide (PostgreSQL: in a transaction
 * unless a statement cannot be; MongoDB: outside, because most DDL cannot be inside).
 */
export type TransactionMode = 'auto' | 'always' | 'never';

/**
 * A migration as a format found it, before any of its code is imported.
 * `version` is its identity in the history; `id` is what people see and type.
 */
export interface Migration {
  readonly kind: Kind;
  /** Canonical, see core/ordering: digits without leading zeros or separators. */
  readonly version: string;
  /** The file's stem, such as `001_create_users`; unique as `version` is. */
  readonly id: string;
  /** The part of the stem after the version, such as `create_users`. */
  readonly name: string;
  /** The format that read it, such as `godwit`, `module`, `sql`, or `code`. */
  readonly format: string;
  /** Main file, relative to the project with `/`; undefined when registered in code. */
  readonly file: string | undefined;
  /** Read from the source without running it, where it is a literal. */
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  /** A version of the author's own that identifies nothing, such as `1.0.0`. */
  readonly label?: string | undefined;
  readonly checksum: Checksum | undefined;
  /** Whether it has a way back; undefined when only importing it would tell. */
  readonly reversible: boolean | undefined;
  /** Of a baseline: what it stands for. */
  readonly replaces?: Replaces | undefined;
  /** Declared mode, where it can be read without importing. */
  readonly transaction?: TransactionMode | undefined;
  /** Declared `idempotent: true`, where it can be read without importing. */
  readonly idempotent?: boolean | undefined;
  /**
   * Imports or reads the body. Called only for a migration that is about to run.
   * Throws GODWIT_IMPORT_FAILED or GODWIT_FILE_INVALID with file, line and cause,
   * GODWIT_PLAN_CHANGED when the file was edited since it was listed, and
   * GODWIT_VERSION_DUPLICATE for one of two files of one version.
   */
  load(): Promise<MigrationBody>;
}

/** Migrations that a baseline stands for, in canonical versions. */
export interface Replaces {
  /** A database that has all of these has the baseline. */
  readonly versions: readonly string[];
  /** What baselines among those stood for themselves: no longer missed. */
  readonly covered: readonly string[];
}

/** Checksums of the file that holds `up`. */
export interface Checksum {
  /** SHA-256 of the raw bytes, hex. */
  readonly raw: string;
  /**
   * `v1:` and the SHA-256 of the tokens, ignoring comments, indentation and line ends.
   * Computed on first use, because it is only needed when `raw` differs or is recorded.
   */
  normalized(): string;
}

export type MigrationBody = SqlBody | CodeBody;

export interface SqlBody {
  readonly type: 'sql';
  readonly up: SqlText;
  readonly down?: SqlText | undefined;
  readonly verify?: SqlText | undefined;
}

/** SQL as written, with where it stands, so that errors can point into the file. */
export interface SqlText {
  /** Of a long file (`parts`) read from the disk at each call, whole. */
  readonly text: string;
  /**
   * The text of a long file, part by part, for whoever need not hold it. To read on throws
   * GODWIT_PLAN_CHANGED at the end of a file that is not what it was when it was listed.
   */
  readonly parts?: SqlParts | undefined;
  /** Relative to the project, with `/`. */
  readonly file: string;
  /** Line of the file on which `text` begins, from 1. */
  readonly line: number;
  readonly transaction: TransactionMode;
  /** Replace `${name}` before running. Off unless configured or asked by directive. */
  readonly variables: boolean;
}

/**
 * A step in JavaScript. The driver calls it with the context and the positional
 * arguments of a bare `up` on this driver; the format decides which it hands on.
 */
export type CodeStep = (call: StepCall) => unknown;

export interface StepCall {
  readonly ctx: MigrationContext;
  /** MongoDB: `[db, client, ctx]`. PostgreSQL and PGlite: `[client, ctx]`. */
  readonly positional: readonly unknown[];
}

export interface CodeBody {
  readonly type: 'code';
  /** Absolute path, to find the user's frame in a stack; undefined when registered in code. */
  readonly path: string | undefined;
  readonly up: CodeStep;
  readonly down?: CodeStep | undefined;
  readonly verify?: CodeStep | undefined;
  /** The SQL file that `verify` asks, so that a database without SQL is told beforehand. */
  readonly verifyFile?: string | undefined;
  /** `transaction: true` is `always`, `false` is `never`. */
  readonly transaction: TransactionMode;
  /** Declared safe to run again after an interruption. */
  readonly idempotent: boolean;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly label?: string | undefined;
}
