import { kindOf } from './kind.ts';
import { commits, refusedInTransaction } from './refusal.ts';
import type { Noted } from './survey.ts';
import { bodyOf, lastName, type Tree } from './tree.ts';

/**
 * @param defined procedures of the file that commit, and the number of the first statement
 * that defines each
 * @returns what of it the server refuses in a transaction, as the server puts it
 */
export function refusal(
  defined: ReadonlyMap<string, number>,
  { index, statement, tree }: Noted,
): string | undefined {
  if (!tree) return undefined;
  const kind = tree.TransactionStmt?.kind;
  if (kind?.endsWith('_PREPARED')) return kindOf(statement.words);
  const called = lastName(tree.CallStmt?.funccall?.funcname);
  if (called !== undefined && (defined.get(called) ?? index) < index) {
    return `CALL ${called}, which ends its transaction,`;
  }
  return refusedInTransaction(tree);
}

/** Name of the procedure that a statement defines, if that ends transactions. */
export function committingProcedure({ CreateFunctionStmt: routine }: Tree): string | undefined {
  if (!routine?.is_procedure || !commits(bodyOf(routine.options))) return undefined;
  return lastName(routine.funcname);
}
