import { isEnumChange } from './need.ts';
import type { ReadStatement } from './statement.ts';

/**
 * Which statements of a file that cannot be one transaction share one all the same.
 * `all`: whatever stands between two that need to be alone. `needed`: only what would have
 * no effect without a transaction, with all that follows it.
 */
export type Grouping = 'all' | 'needed';

/** Numbers the transactions that godwit opens for several statements, from 1; 0 is none. */
export class GroupNumbers {
  readonly #grouping: Grouping;
  #group = 0;
  #open = false;

  constructor(grouping: Grouping) {
    this.#grouping = grouping;
  }

  /**
   * To be asked of each statement, in order.
   *
   * @param alone true for what may share no transaction: what the server refuses in one, and
   * what belongs to a transaction of the file's own
   */
  next(statement: ReadStatement, alone: boolean): number {
    if (alone) {
      this.#open = false;
      return 0;
    }
    if (!this.#open && (this.#grouping === 'all' || needsTransaction(statement))) {
      this.#open = true;
      this.#group++;
    }
    const number = this.#open ? this.#group : 0;
    // The new value may be used only when it is committed.
    if (isEnumChange(statement.words)) this.#open = false;
    return number;
  }
}

/** What the server refuses outside a transaction block, or what is over with its own. */
function needsTransaction({ words, text }: ReadStatement): boolean {
  const [first, second] = words;
  switch (first) {
    case 'lock':
    case 'savepoint':
      return true;
    case 'set':
      return second === 'local' || second === 'constraints' || second === 'transaction';
    case 'declare':
      return !/\bwith\s+hold\b/i.test(text);
    case 'create':
      return /\bon\s+commit\s+(drop|delete)\b/i.test(text) && /\btemp(orary)?\b/i.test(text);
    case 'select':
      return (
        /\bpg_(try_)?advisory_xact_lock\b/i.test(text) ||
        /\bset_config\s*\([^;]*,\s*true\s*\)/i.test(text) ||
        /\bfor\s+(no\s+key\s+)?(update|share)\b|\bfor\s+key\s+share\b/i.test(text)
      );
    default:
      return false;
  }
}
