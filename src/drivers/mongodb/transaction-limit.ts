import type { ErrorInfo } from '../../errors.ts';
import { SERVER_CODE, serverCode } from './errors.ts';
import type { Work } from './work.ts';

/** The server aborts a transaction after a minute, and then knows nothing of it. */
export async function outlived(
  work: Work,
  error: unknown,
  elapsedMs: number,
): Promise<Pick<ErrorInfo, 'code' | 'message' | 'next'> | undefined> {
  const code = serverCode(error);
  const gone =
    code === SERVER_CODE.noSuchTransaction || code === SERVER_CODE.transactionExceededLifetime;
  if (!gone) return undefined;
  const seconds = await lifetimeLimit(work);
  if (elapsedMs < seconds * 1000 && code !== SERVER_CODE.transactionExceededLifetime)
    return undefined;
  return {
    code: 'GODWIT_TRANSACTION_TOO_LONG',
    message: `The transaction took ${(elapsedMs / 1000).toFixed(1)} s; the server ends one after ${seconds} s.`,
    next: [
      'do less in it, or set `transaction: false` and make the migration idempotent',
      'or raise transactionLifetimeLimitSeconds on the server',
    ],
  };
}

const DEFAULT_LIMIT_S = 60;

async function lifetimeLimit(work: Work): Promise<number> {
  const name = 'transactionLifetimeLimitSeconds';
  try {
    const answer = await work.store.client.db('admin').command({ getParameter: 1, [name]: 1 });
    return Number(answer[name]);
  } catch {
    return DEFAULT_LIMIT_S;
  }
}
