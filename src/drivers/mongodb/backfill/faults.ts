import { GodwitError } from '../../../errors.ts';
import type { Fault, FaultKind } from '../../../ports/backfill-job.ts';
import { hasLabel, isTransient, serverCode, toMongoError } from '../errors.ts';

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const TRANSIENT = new Set([
  24, // LockTimeout
  112, // WriteConflict
  225, // TransactionTooOld
  251, // NoSuchTransaction
  256, // TransactionCommitted
  211, // KeyNotFound, while keys for cluster times are made
  11601, // Interrupted: whoever took a slow worker for dead has ended its session
  246, // SnapshotUnavailable
  239, // SnapshotTooOld
  133, // FailedToSatisfyReadPreference
  13388, // StaleConfig
  63, // StaleShardVersion
]);
const SLOW = new Set([
  50, // MaxTimeMSExpired
  262, // ExceededTimeLimit
  290, // TransactionExceededLifetimeLimitSeconds
  257, // TransactionTooLarge
  388, // TransactionTooLargeForCache
  64, // WriteConcernFailed, by its time
  202, // NetworkInterfaceExceededTimeLimit
]);
const FATAL = new Set([
  8000, // Atlas: not allowed
  9, // FailedToParse
  13, // Unauthorized
  18, // AuthenticationFailed
  20, // IllegalOperation
  26, // NamespaceNotFound
  59, // CommandNotFound
  72, // InvalidOptions
  73, // InvalidNamespace
  115, // CommandNotSupported
  168, // InvalidPipelineOperator
  263, // OperationNotSupportedInTransaction
  40324, // Unrecognized pipeline stage name
]);

/** Whatever else a server says of a command it could run is about a row of it. */
export function classify(thrown: unknown, url: string): Fault {
  return {
    kind: kindOf(thrown),
    error: toMongoError(thrown, 'change the chunk', url, 'GODWIT_BACKFILL_FAILED').toJSON(),
  };
}

function kindOf(thrown: unknown): FaultKind {
  if (thrown instanceof GodwitError) {
    if (thrown.code === 'GODWIT_CONNECTION_LOST') return 'transient';
    return thrown.cause === undefined ? 'fatal' : kindOf(thrown.cause);
  }
  const code = serverCode(thrown);
  if (code !== undefined && SLOW.has(code)) return 'slow';
  if (code !== undefined && TRANSIENT.has(code)) return 'transient';
  if (hasLabel(thrown, 'TransientTransactionError') || isTransient(thrown)) return 'transient';
  if (code !== undefined) return FATAL.has(code) ? 'fatal' : 'row';
  return isDriverLimit(thrown) ? 'row' : 'fatal';
}

/** The driver itself refuses a document that is too large, or not BSON. */
function isDriverLimit(thrown: unknown): boolean {
  const name = String((thrown as { name?: unknown } | undefined)?.name ?? '');
  return /^BSON/.test(name) || thrown instanceof RangeError;
}
