/**
 * Every error that godwit raises on purpose has a code from this table. Codes are
 * never reused; the anchor in docs/errors.md is the code in lower case.
 */
export const ERROR_CODES = {
  // 2: usage or configuration
  GODWIT_USAGE: { exit: 2 },
  GODWIT_CONFIG_INVALID: { exit: 2 },
  GODWIT_CONFIG_UNREADABLE: { exit: 2 },
  GODWIT_DATABASE_UNKNOWN: { exit: 2 },
  GODWIT_DRIVER_MISSING: { exit: 2 },
  GODWIT_DRIVER_UNSUPPORTED: { exit: 2 },
  GODWIT_URL_INVALID: { exit: 2 },
  GODWIT_URL_MISSING: { exit: 2 },
  GODWIT_FOLDER_MISSING: { exit: 2 },
  GODWIT_FILE_UNREADABLE: { exit: 2 },
  GODWIT_FILE_NAME_INVALID: { exit: 2 },
  GODWIT_FILE_INVALID: { exit: 2 },
  GODWIT_FILE_EXISTS: { exit: 2 },
  GODWIT_IMPORT_FAILED: { exit: 2 },
  GODWIT_VERSION_DUPLICATE: { exit: 2 },
  GODWIT_MIGRATION_UNKNOWN: { exit: 2 },
  GODWIT_VARIABLE_MISSING: { exit: 2 },
  GODWIT_UNSUPPORTED: { exit: 2 },
  GODWIT_CONNECT_FAILED: { exit: 2 },
  GODWIT_AUTH_FAILED: { exit: 2 },
  GODWIT_DATABASE_MISSING: { exit: 2 },
  GODWIT_PERMISSION_DENIED: { exit: 2 },
  GODWIT_HISTORY_UNREADABLE: { exit: 2 },
  GODWIT_HISTORY_NEWER: { exit: 2 },
  GODWIT_BACKFILL_INVALID: { exit: 2 },
  GODWIT_BACKFILL_UNKNOWN: { exit: 2 },
  GODWIT_PUBLIC_IDS_INVALID: { exit: 2 },
  GODWIT_PUBLIC_ID_INVALID: { exit: 2 },
  GODWIT_SNAPSHOT_INVALID: { exit: 2 },
  GODWIT_SNAPSHOT_UNLOADABLE: { exit: 2 },
  GODWIT_SCRATCH_FAILED: { exit: 2 },
  GODWIT_BACKUP_UNKNOWN: { exit: 2 },
  GODWIT_COLLECTION_MISSING: { exit: 2 },
  GODWIT_COLLECTION_EXISTS: { exit: 2 },
  GODWIT_DEFINITION_INVALID: { exit: 2 },
  GODWIT_MODELS_MISSING: { exit: 2 },
  GODWIT_SEED_INVALID: { exit: 2 },
  GODWIT_LINT_BASE_UNKNOWN: { exit: 2 },
  // 1: a migration or a check failed
  GODWIT_DEFINITION_FAILED: { exit: 1 },
  GODWIT_HELPER_INVALID: { exit: 2 },
  // 1: a migration or a check failed
  GODWIT_DUPLICATES: { exit: 1 },
  GODWIT_BACKFILL_FAILED: { exit: 1 },
  GODWIT_PUBLIC_ID_CONFLICT: { exit: 1 },
  GODWIT_BACKFILL_TIMEOUT: { exit: 1 },
  GODWIT_MIGRATION_FAILED: { exit: 1 },
  GODWIT_VERIFY_FAILED: { exit: 1 },
  GODWIT_NOT_RESTORED: { exit: 1 },
  GODWIT_VALIDATION_FAILED: { exit: 1 },
  GODWIT_HOOK_FAILED: { exit: 1 },
  GODWIT_CONNECTION_LOST: { exit: 1 },
  GODWIT_LOCK_TIMEOUT: { exit: 1 },
  GODWIT_TRANSACTION_TOO_LONG: { exit: 1 },
  GODWIT_TRANSACTION_REFUSED: { exit: 1 },
  GODWIT_COMMIT_UNKNOWN: { exit: 1 },
  GODWIT_BACKUP_FAILED: { exit: 1 },
  GODWIT_BACKUP_DAMAGED: { exit: 1 },
  GODWIT_RESTORE_FAILED: { exit: 1 },
  GODWIT_DISK_FULL: { exit: 1 },
  GODWIT_VALIDATOR_VIOLATED: { exit: 1 },
  GODWIT_INTERNAL: { exit: 1 },
  // 3: pending work or drift where it is forbidden
  GODWIT_PENDING: { exit: 3 },
  // 4: the lock
  GODWIT_LOCK_HELD: { exit: 4 },
  GODWIT_LOCK_LOST: { exit: 4 },
  // 5: refused for safety
  GODWIT_MODIFIED: { exit: 5 },
  GODWIT_SEED_STALE: { exit: 5 },
  GODWIT_MISSING: { exit: 5 },
  GODWIT_OUT_OF_ORDER: { exit: 5 },
  GODWIT_INTERRUPTED: { exit: 5 },
  GODWIT_HALF_REVERTED: { exit: 5 },
  GODWIT_IRREVERSIBLE: { exit: 5 },
  GODWIT_PLAN_CHANGED: { exit: 5 },
  GODWIT_REBUILD_NEEDED: { exit: 5 },
  GODWIT_BACKFILL_CHANGED: { exit: 5 },
  GODWIT_BACKFILL_BUSY: { exit: 5 },
  GODWIT_BACKFILL_LATE: { exit: 5 },
  GODWIT_HELPER_REFUSED: { exit: 5 },
  GODWIT_PRODUCTION: { exit: 5 },
  GODWIT_RESET_REFUSED: { exit: 5 },
  GODWIT_RESET_UNFINISHED: { exit: 5 },
  GODWIT_VALIDATOR_CHANGED: { exit: 5 },
  GODWIT_SCRATCH_REFUSED: { exit: 5 },
  GODWIT_SQUASH_PARTIAL: { exit: 5 },
  GODWIT_SQUASH_UNFINISHED: { exit: 5 },
  GODWIT_CONFIRMATION_NEEDED: { exit: 5 },
  // 130: stopped cleanly
  GODWIT_STOPPED: { exit: 130 },
} as const satisfies Record<string, { exit: number }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A place in a user's file. Lines and columns count from 1. */
export interface Place {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The SQL statement, shortened to at most 500 characters. */
  readonly statement?: string | undefined;
}

/** The error as data: what JSON output, events and the history carry. */
export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: Place | undefined;
  /** What state the database is in now, one sentence. */
  readonly state?: string | undefined;
  /** Commands or actions to try next, the likeliest first. */
  readonly next?: readonly string[] | undefined;
}

export interface ErrorDetails {
  readonly where?: Place | undefined;
  readonly state?: string | undefined;
  readonly next?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class. Library users branch on `code`; the CLI exits with `exitCode`.
 *
 * @example
 * ```ts
 * try { await migrator.up() } catch (error) {
 *   if (error instanceof GodwitError && error.code === 'GODWIT_LOCK_HELD') retryLater();
 *   else throw error;
 * }
 * ```
 */
export class GodwitError extends Error {
  /** The bin and the library are two copies in one process; an error of either is one. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!(value !== null && typeof value === 'object' && 'code' in value && 'name' in value)) {
      return false;
    }
    return value.name === 'GodwitError' && String(value.code).startsWith('GODWIT_');
  }

  override readonly name = 'GodwitError';
  readonly code: ErrorCode;
  readonly where: Place | undefined;
  readonly state: string | undefined;
  readonly next: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.state = details.state;
    this.next = details.next;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }

  toJSON(): ErrorInfo {
    return errorInfo(this);
  }
}

/** Drops absent fields, so that JSON output has no nulls to explain. */
export function errorInfo(error: ErrorInfo): ErrorInfo {
  return {
    code: error.code,
    message: error.message,
    ...(error.where && { where: error.where }),
    ...(error.state && { state: error.state }),
    ...(error.next && error.next.length > 0 && { next: error.next }),
  };
}

/** Wraps anything thrown that is not ours. `GODWIT_INTERNAL` marks a bug in godwit. */
export function toGodwitError(thrown: unknown, code: ErrorCode = 'GODWIT_INTERNAL'): GodwitError {
  if (thrown instanceof GodwitError) return thrown;
  return new GodwitError(code, thrownMessage(thrown), { cause: thrown });
}

/** What anything thrown says, also when it is no Error, or nothing at all. */
export function thrownMessage(thrown: unknown): string {
  if (thrown === undefined || thrown === null) return `${thrown} was thrown, without a reason`;
  if (typeof thrown !== 'object') return String(thrown);
  const { message, name } = thrown as Partial<Error>;
  if (typeof message === 'string' && message !== '') return message;
  if (thrown instanceof Error) return `${name || 'Error'} without a message`;
  return 'an object without a message was thrown';
}
