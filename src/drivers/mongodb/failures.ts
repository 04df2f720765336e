import { relative, sep } from 'node:path';
import { findUserFrame } from '../../core/blame.ts';
import {
  type ErrorCode,
  type ErrorInfo,
  errorInfo,
  GodwitError,
  type Place,
  thrownMessage,
} from '../../errors.ts';
import type { Job } from '../../ports/session.ts';
import { hasLabel, isNetworkError, SERVER_CODE, scrub, serverCode } from './errors.ts';

export interface FailureContext {
  readonly job: Job;
  /** The project's folder, which shown paths are relative to. */
  readonly root: string;
  readonly transactional: boolean;
  /** Which function threw. */
  readonly phase: 'step' | 'verify';
  readonly url: string;
}

/** Names what a migration threw, and finds the line of the user's code. */
export function describeFailure(thrown: unknown, context: FailureContext): ErrorInfo {
  const message = scrub(thrownMessage(thrown), context.url);
  const where = findPlace(thrown, context);
  if (thrown instanceof GodwitError) {
    return errorInfo({ ...thrown.toJSON(), where: thrown.where ?? where });
  }
  const { code, next } = classify(thrown, context);
  return errorInfo({ code, message, where, next });
}

function classify(
  thrown: unknown,
  { transactional, phase, job }: FailureContext,
): { code: ErrorCode; next?: readonly string[] } {
  if (transactional && isRefusedInTransaction(thrown)) {
    const file = job.header.id;
    return {
      code: 'GODWIT_TRANSACTION_REFUSED',
      next: [
        `set \`transaction: false\` in ${file}, or move this step to a migration of its own`,
        'then: godwit up',
      ],
    };
  }
  if (phase === 'verify') return { code: 'GODWIT_VERIFY_FAILED' };
  if (isNetworkError(thrown)) return { code: 'GODWIT_CONNECTION_LOST' };
  return { code: 'GODWIT_MIGRATION_FAILED' };
}

/** What a server says to commands that it does not take inside a transaction. */
function isRefusedInTransaction(thrown: unknown): boolean {
  const code = serverCode(thrown);
  if (code === SERVER_CODE.operationNotSupportedInTransaction) return true;
  const message = thrownMessage(thrown);
  return (
    (code === SERVER_CODE.illegalOperation ||
      code === SERVER_CODE.invalidOptions ||
      code === undefined) &&
    /\bin(?:side)? a (?:multi-document |multi-statement )?transaction|within a (?:multi-statement )?transaction/i.test(
      message,
    )
  );
}

/** The driver says that the whole transaction may be tried again. */
export function isTransientTransaction(thrown: unknown): boolean {
  return hasLabel(thrown, 'TransientTransactionError');
}

function findPlace(thrown: unknown, { job, root }: FailureContext): Place | undefined {
  const path = job.step.type === 'code' ? job.step.body.path : undefined;
  if (path === undefined) return undefined;
  const frame = findUserFrame(thrown, path);
  const file = relative(root, path).split(sep).join('/');
  return frame ? { file, line: frame.line, column: frame.column } : { file };
}

const LONGEST_STACK = 8_000;

/** For the history, which people read when something failed. */
export function stackOf(thrown: unknown, url: string): string | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return undefined;
  return scrub(thrown.stack, url).slice(0, LONGEST_STACK);
}
