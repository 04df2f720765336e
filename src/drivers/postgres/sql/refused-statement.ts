import { kindOf } from './kind.ts';
import { commits, refusedInTransaction } from './refusal.ts';
import type { Noted } from './survey.ts';
import { bodyOf, lastName } from './tree.ts';

/** @returns what of it the server refuses in a transaction, as the server puts it */
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

/** Those that the file defines, and the number of the first statement that does. */
export function committingProcedures(noted: readonly Noted[]): Map<string, number> {
  const defined = new Map<string, number>();
  for (const { index, tree } of noted) {
    const routine = tree?.CreateFunctionStmt;
    const name = routine?.is_procedure ? lastName(routine.funcname) : undefined;
    if (name === undefined || defined.has(name) || !commits(bodyOf(routine?.options))) continue;
    defined.set(name, index);
  }
  return defined;
}
