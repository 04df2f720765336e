import { GodwitError, toGodwitError } from '../../../errors.ts';
import type { Fault, FaultKind } from '../../../ports/backfill-job.ts';
import { isServerError, type ServerError } from '../connection.ts';
import { messageOf } from '../errors.ts';

/** What an error of any method means for the work. */
export function classify(thrown: unknown): Fault {
  const cause = thrown instanceof GodwitError && thrown.cause !== undefined ? thrown.cause : thrown;
  if (isServerError(cause)) return serverFault(cause);
  if (thrown instanceof GodwitError) {
    const gone = ['GODWIT_CONNECTION_LOST', 'GODWIT_CONNECT_FAILED'].includes(thrown.code);
    return { kind: gone ? 'transient' : 'fatal', error: thrown.toJSON() };
  }
  if (isNetworkError(cause)) {
    const message = `The connection to PostgreSQL was lost: ${(cause as Error).message}.`;
    return { kind: 'transient', error: { code: 'GODWIT_CONNECTION_LOST', message } };
  }
  return { kind: 'fatal', error: toGodwitError(thrown).toJSON() };
}

/** What somebody asked for is told in godwit's words, with the server's inside. */
export async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    if (!isServerError(thrown)) throw thrown;
    const { code, message } = serverFault(thrown).error;
    const next =
      code === 'GODWIT_PERMISSION_DENIED' ? { next: ['see what is missing: godwit doctor'] } : {};
    throw new GodwitError(code, message, { cause: thrown, ...next });
  }
}

function serverFault(error: ServerError): Fault {
  const kind = kindOf(error.code);
  const code =
    error.code === '55P03'
      ? 'GODWIT_LOCK_TIMEOUT'
      : error.code === '42501'
        ? 'GODWIT_PERMISSION_DENIED'
        : /^(08|57P)/.test(error.code)
          ? 'GODWIT_CONNECTION_LOST'
          : 'GODWIT_BACKFILL_FAILED';
  return { kind, error: { code, message: messageOf(error) } };
}

/** By SQLSTATE: its first two characters are a class. */
function kindOf(state: string): FaultKind {
  if (state === '57014') return 'slow';
  // Row level security refuses a row with the same code as a missing right.
  if (state === '54001' || state === '42501') return 'fatal';
  if (['55P03', '55006', '25006', '72000', '58030', '58000'].includes(state)) return 'transient';
  if (/^(08|40|53|57)/.test(state)) return 'transient';
  // Data, constraint, cardinality, check option, what a trigger raises, an index entry too large.
  if (/^(21|22|23|2F|38|39|44|54|P0)/.test(state)) return 'row';
  return 'fatal';
}

function isNetworkError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code } = thrown as { code?: string };
  if (code !== undefined && /^(E[A-Z]+|ERR_SOCKET.*|ERR_STREAM.*)$/.test(code)) return true;
  return /connection terminated|connection ended|server closed the connection|not queryable|the database is closed|timeout expired/i.test(
    thrown.message,
  );
}
