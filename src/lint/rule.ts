import type { FindingPlace, FindingSeverity } from '../ports/finding.ts';
import type { LintCode } from './codes.ts';
import type { LintFile } from './file.ts';
import type { ScriptScan } from './read-script.ts';
import type { SqlStatement } from './read-sql.ts';
import type { Sizes } from './sizes.ts';

/** What a rule found. The file and the id are added to its place. */
export interface Found {
  readonly where?: FindingPlace | undefined;
  /** Why it matters. */
  readonly message: string;
  /** The safe rewrite. */
  readonly fix: string;
  /** Other than the code's own. */
  readonly severity?: FindingSeverity | undefined;
}

/** What rules may know beside the file. */
export interface LintContext {
  /** The project promises that every file may run again. */
  readonly idempotent: boolean;
  /** Schemas that an API shows, lower case. */
  readonly exposedSchemas: readonly string[];
  /** Tables whose row level security some file of the project switches on, `schema.table`. */
  readonly secured: ReadonlySet<string>;
  /** Of the connected database. */
  readonly sizes?: Sizes | undefined;
  /** What `--since` is compared with. */
  readonly base?: LintBase | undefined;
}

/** The branch that the files will be merged into. */
export interface LintBase {
  /** As it was typed. */
  readonly name: string;
  /** Newest migration there. */
  readonly newest?: { readonly id: string; readonly version: string } | undefined;
  /** Files, as shown, that are not there. */
  readonly added: ReadonlySet<string>;
  /** Files, as shown, that differ from what is there. */
  readonly edited: ReadonlySet<string>;
}

/** A file with what was read from it, once for all rules. */
export interface Reading {
  readonly file: LintFile;
  /** Of `up`; empty where it is no SQL. */
  readonly statements: readonly SqlStatement[];
  /** Undefined where it is no script. */
  readonly script: ScriptScan | undefined;
}

export interface Rule {
  readonly code: LintCode;
  /** Also for files that are applied already. */
  readonly always?: boolean | undefined;
  check(reading: Reading, context: LintContext): Iterable<Found>;
}
