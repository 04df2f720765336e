import { type ErrorCode, type ErrorDetails, GodwitError, thrownMessage } from '../../errors.ts';

/** What errors of the driver, of any major version, have in common. */
interface DriverError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly codeName?: unknown;
  readonly cause?: unknown;
  hasErrorLabel?(label: string): boolean;
}

/** Server codes, https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
export const SERVER_CODE = {
  illegalOperation: 20,
  unauthorized: 13,
  authenticationFailed: 18,
  namespaceNotFound: 26,
  namespaceExists: 48,
  maxTimeExpired: 50,
  invalidOptions: 72,
  writeConflict: 112,
  noSuchTransaction: 251,
  operationNotSupportedInTransaction: 263,
  transactionExceededLifetime: 290,
  atlasError: 8000,
  duplicateKey: 11000,
} as const;

/** Codes of a primary that is not one any more, or is going away. */
const RETRYABLE = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

export function serverCode(error: unknown): number | undefined {
  const code = (error as DriverError | undefined)?.code;
  return typeof code === 'number' ? code : undefined;
}

export function hasLabel(error: unknown, label: string): boolean {
  const labelled = error as DriverError | undefined;
  return typeof labelled?.hasErrorLabel === 'function' && labelled.hasErrorLabel(label);
}

export function isDuplicateKey(error: unknown): boolean {
  return serverCode(error) === SERVER_CODE.duplicateKey;
}

/** The connection or the primary went away: the same command may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  const code = serverCode(error);
  if (code !== undefined && RETRYABLE.has(code)) return true;
  return hasLabel(error, 'RetryableWriteError') || isNetworkError(error);
}

/** No server was found for as long as the settings allow: to ask again would take as long. */
export function isUnreachable(error: unknown): boolean {
  return (error as DriverError | undefined)?.name === 'MongoServerSelectionError';
}

export function isNetworkError(error: unknown): boolean {
  const name = String((error as DriverError | undefined)?.name ?? '');
  return /^Mongo(Network|ServerSelection|TopologyClosed|NotConnected|PoolCleared|ConnectionPool|WaitQueueTimeout|ClientClosed)/.test(
    name.replace(/^MongoPoolClearedOnNetworkError$/, 'MongoPoolCleared'),
  );
}

/** Hides the password of a URL wherever a message repeats it. */
export function scrub(text: string, url: string): string {
  const [, password] = /^[^/]*:\/\/[^:/@]*:([^@/]*)@/.exec(url) ?? [];
  let clean = text.replace(/(:\/\/[^:/@\s]*):[^@/\s]*@/g, '$1:***@');
  for (const secret of password ? [password, decode(password)] : []) {
    if (secret.length >= 4) clean = clean.replaceAll(secret, '***');
  }
  return clean;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Names a failure of godwit's own commands. `what` completes "Could not …".
 */
export function toMongoError(
  error: unknown,
  what: string,
  url = '',
  fallback: ErrorCode = 'GODWIT_INTERNAL',
): GodwitError {
  if (error instanceof GodwitError) return error;
  const message = scrub(thrownMessage(error), url);
  const fail = (code: ErrorCode, details: ErrorDetails = {}): GodwitError =>
    new GodwitError(code, `Could not ${what}: ${message}`, { ...details, cause: error });
  const code = serverCode(error);
  const wrongLogin = code === SERVER_CODE.authenticationFailed || code === SERVER_CODE.atlasError;
  if (wrongLogin || /authentication failed|requires authentication/i.test(message)) {
    return fail('GODWIT_AUTH_FAILED', {
      next: ['check user, password and authSource in the URL', 'godwit doctor'],
    });
  }
  if (code === SERVER_CODE.unauthorized) {
    return fail('GODWIT_PERMISSION_DENIED', {
      next: ['use a user with the role readWrite on this database', 'godwit doctor'],
    });
  }
  if (isNetworkError(error) || isTransient(error)) {
    return fail('GODWIT_CONNECTION_LOST', { next: ['check the server, then: godwit status'] });
  }
  return fail(fallback);
}
