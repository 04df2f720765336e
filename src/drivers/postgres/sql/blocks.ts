import { GodwitError } from '../../../errors.ts';
import type { ReadStatement, TextPlace } from './statement.ts';
import type { Survey } from './survey.ts';
import type { Tree } from './tree.ts';

/** What a statement does to the transaction that a file manages by itself. */
export type Control = 'begin' | 'end' | 'chain';

export function controlOf({ TransactionStmt: statement }: Tree): Control | undefined {
  switch (statement?.kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return 'begin';
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_ROLLBACK':
      return statement.chain ? 'chain' : 'end';
    case 'TRANS_STMT_PREPARE':
      return 'end';
    default:
      return undefined;
  }
}

/**
 * Numbers the transactions that the file opens: each statement gets its block's number,
 * from 1, or 0 outside of all. A COMMIT without BEGIN is a block of its own.
 */
export class BlockNumbers {
  #block = 0;
  #open: ReadStatement | undefined;

  /** To be asked of each statement, in order. */
  next(statement: ReadStatement, control: Control | undefined): number {
    if (control !== undefined && !this.#open) {
      this.#block++;
      if (control !== 'end') this.#open = statement;
      return this.#block;
    }
    const number = this.#open ? this.#block : 0;
    if (control === 'end') this.#open = undefined;
    return number;
  }

  /** @throws GodwitError GODWIT_FILE_INVALID when a block is not ended */
  end(at: TextPlace): void {
    if (this.#open) throw neverEnded(this.#open, at);
  }
}

/** Only statements of control matter to that. Throws as `end` does. */
export function refuseOpenBlock({ noted }: Survey, at: TextPlace): void {
  const numbers = new BlockNumbers();
  for (const { statement, control } of noted) numbers.next(statement, control);
  numbers.end(at);
}

/**
 * A file that is `BEGIN; …; COMMIT;` from its first statement to its last says what
 * godwit does anyway: its two words are left out, and the record commits with the work.
 */
export function isWrapped({ noted, count }: Survey): boolean {
  const controls = noted.filter((each) => each.control !== undefined);
  const [first, last] = controls;
  if (!first || !last || controls.length !== 2) return false;
  const [begin, end] = [first.tree?.TransactionStmt, last.tree?.TransactionStmt];
  return (
    first.index === 0 &&
    last.index === count - 1 &&
    first.control === 'begin' &&
    !begin?.options?.length &&
    end?.kind === 'TRANS_STMT_COMMIT' &&
    !end.chain
  );
}

function neverEnded(statement: ReadStatement, at: TextPlace): GodwitError {
  return new GodwitError(
    'GODWIT_FILE_INVALID',
    'The file begins a transaction and never ends it.',
    {
      where: {
        ...(at.file !== undefined && { file: at.file }),
        line: statement.line,
        column: statement.column,
        statement: statement.text.slice(0, 500),
      },
      next: [
        'Add COMMIT at the end, or take BEGIN out: godwit runs a file in a transaction by itself.',
      ],
    },
  );
}
