import { relative, sep } from 'node:path';
import { findUserFrame } from '../../core/blame.ts';
import { GodwitError, type Place, thrownMessage } from '../../errors.ts';
import type { CodeBody } from '../../ports/migration.ts';
import { isServerError } from './connection.ts';
import { messageOf, refusesTransaction, sqlError } from './errors.ts';

/** Points into the migration's own file: its line for the code, its text for the SQL. */
export function codeError(thrown: unknown, body: CodeBody, root: string): GodwitError {
  if (thrown instanceof GodwitError && thrown.where?.line !== undefined) return thrown;
  const frame = body.path === undefined ? undefined : findUserFrame(thrown, body.path);
  const file = fileOf(body, root);
  const where: Place | undefined = file === undefined ? undefined : { ...frame, file };
  if (isServerError(thrown)) {
    const { code, next } = sqlError(thrown, undefined);
    const statement = (thrown as { statement?: string }).statement;
    return new GodwitError(code, messageOf(thrown), {
      cause: thrown,
      where: { ...where, ...(statement !== undefined && { statement }) },
      next: refusesTransaction(thrown)
        ? ['declare it to run outside a transaction: transaction: false']
        : next,
    });
  }
  if (thrown instanceof GodwitError) {
    const { code, message, cause, state, next } = thrown;
    return new GodwitError(code, message, { cause, state, next, where: thrown.where ?? where });
  }
  return new GodwitError('GODWIT_MIGRATION_FAILED', thrownMessage(thrown), {
    cause: thrown,
    where,
  });
}

/** Of the migration's file, relative to the project. */
export function fileOf({ path }: CodeBody, root: string): string | undefined {
  return path === undefined ? undefined : relative(root, path).split(sep).join('/');
}
