import type { Finding, FindingPlace, FindingSeverity } from './finding.ts';
import type { Migration, SqlText } from './migration.ts';
import type { JobStep } from './session.ts';

/** What can be done to a table's rows. */
export type RoleAction = 'select' | 'insert' | 'update' | 'delete';

/** What a role of the database must, or must not, be able to do. */
export interface Expectation {
  /** As people wrote it, or would have: how it is named in findings. */
  readonly text: string;
  readonly role: string;
  readonly can: boolean;
  readonly action: RoleAction;
  /** Unquoted; absent where it was not named. */
  readonly schema?: string | undefined;
  /** Unquoted. */
  readonly table: string;
  /** `request.jwt.claims`; `role` is added where it is absent. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** `insert`: the row to be tried, instead of rows like those that are there. */
  readonly row?: Readonly<Record<string, unknown>> | undefined;
}

/** A table or collection whose rows carry prefixed public ids. */
export interface PublicIdColumn {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly column: string;
  /** Without the `_` that follows it. */
  readonly prefix: string;
}

/** What the built-in checks are told. */
export interface BuiltInRequest {
  /** Schemas that an API shows; undefined lets the driver find out. */
  readonly exposedSchemas?: readonly string[] | undefined;
  readonly publicIds: readonly PublicIdColumn[];
  /** Looks at documents one by one too, where that is the only way to know. */
  readonly documents: boolean;
  /** Codes that nobody wants to hear of: they are not asked. */
  readonly off: ReadonlySet<string>;
}

/** A row or document that a check of the project's own found. */
export type FoundRow = Readonly<Record<string, unknown>>;

/** What a check in code is called with. */
export interface CheckCall {
  /** MongoDB: `[db, ctx]`. PostgreSQL and PGlite: `[client, ctx]`. */
  readonly positional: readonly unknown[];
}

/** A question that could not be asked, or whose answer was bad. */
export interface Objection {
  readonly message: string;
  readonly where: FindingPlace;
  /** Severity asked for by the question itself. */
  readonly severity?: FindingSeverity | undefined;
  readonly fix?: string | undefined;
}

/**
 * Questions about a database. All of it reads only, the server itself refuses to write where
 * it can, and works for a user who may do no more than read what is asked about. A question
 * that cannot be asked is an answer too, never a reason to throw: only a connection that is
 * lost throws.
 */
export interface Checks {
  builtIn(request: BuiltInRequest): Promise<Finding[]>;
  /** Extensions that SQL needs and the server does not have. Absent where there are none. */
  missingExtensions?(sql: readonly SqlText[]): Promise<Finding[]>;
  /** Asks a migration's verify again. @returns undefined when it holds */
  verify(
    migration: Migration,
    step: JobStep,
    variables: Readonly<Record<string, string>>,
  ): Promise<Objection | undefined>;
  /** Runs a check written in SQL; its rows are what it found. Absent where there is no SQL. */
  rows?(sql: SqlText, variables: Readonly<Record<string, string>>): Promise<FoundRow[] | Objection>;
  /** Runs a check written in code. @throws what the check throws */
  call(check: (call: CheckCall) => unknown): Promise<unknown>;
  /** What roles can do, tried as those roles. Absent where there are no roles to become. */
  expectations?(expectations: readonly Expectation[]): Promise<ExpectationAnswer[]>;
  /** Gives back what was opened for it. */
  close(): Promise<void>;
}

export interface ExpectationAnswer {
  readonly expectation: Expectation;
  /**
   * `unknown`: the table or role is not there, this user may not become the role, or there
   * is no row to tell by.
   */
  readonly verdict: 'holds' | 'broken' | 'unknown';
  /** Why, a sentence. Absent when it holds. */
  readonly reason?: string | undefined;
  readonly fix?: string | undefined;
  readonly where: FindingPlace;
}
