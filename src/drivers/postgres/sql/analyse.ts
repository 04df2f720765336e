import { isWrapped, numberBlocks } from './blocks.ts';
import { createsType, usesValue } from './enum-value.ts';
import { type Grouping, numberGroups } from './groups.ts';
import { kindOf } from './kind.ts';
import { blank, cutPieces, MOST_CHARACTERS, type Piece } from './pieces.ts';
import { commits, refusedInTransaction } from './refusal.ts';
import { readStatements, StatementScan } from './split.ts';
import type { ReadStatement, Statement, TextPlace } from './statement.ts';
import { type Noted, type Survey, survey } from './survey.ts';
import { bodyOf, lastName, type Tree } from './tree.ts';

export interface AnalysedStatement extends Statement {
  /** False for what must run by itself, outside any transaction that godwit opens. */
  readonly inTransaction: boolean;
  /** Such as `CREATE INDEX`, `INSERT`, `COMMIT`. */
  readonly kind: string;
  /** Of CREATE INDEX CONCURRENTLY: which index may be left behind invalid. */
  readonly concurrentIndex?: {
    readonly schema?: string;
    /** Absent when the server is to choose. */
    readonly name?: string;
    readonly table: string;
    readonly ifNotExists: boolean;
  };
  /**
   * Number of the transaction that the file itself opens, from 1. The statements of one
   * number are run as they stand, one after the other on one connection; a checkpoint
   * goes in before the last of them, and then commits with them.
   */
  readonly block?: number;
  /**
   * Number of a transaction that godwit opens for several statements, from 1. They commit
   * together, with one checkpoint.
   */
  readonly group?: number;
  /** Line of the file on which the COPY data begins. */
  readonly copyLine?: number;
}

export interface Analysis {
  /**
   * `transaction`: all statements fit into one. `statements`: one after the other, each
   * that is `inTransaction` in one of its own or of its group.
   */
  readonly mode: 'transaction' | 'statements';
  /** Why it is not one transaction, a sentence each. Empty for `transaction`. */
  readonly reasons: readonly string[];
  /** With `unwrap`, without the BEGIN and COMMIT of a file that is wrapped in them. */
  readonly statements: readonly AnalysedStatement[];
  /**
   * In mode `transaction` the text to send as one message, of as many characters as the
   * one analysed, so that positions hold: what must not be sent is blank. Absent when it
   * has to be sent in pieces: COPY data, escapes that are switched, or a long file.
   */
  readonly message?: string;
  /** In mode `transaction` what to send, in order. Read from the text each time anew. */
  readonly pieces: Iterable<Piece>;
}

export interface AnalyseOptions extends TextPlace {
  /**
   * Take the BEGIN and COMMIT around a whole file as godwit's own. Only for a caller who
   * sends `pieces` or `statements` in one transaction and never the text itself: then
   * the record of the run commits with the work. Off, the file keeps its transaction.
   */
  readonly unwrap?: boolean | undefined;
  /** Which statements share a transaction where not all can. Default `needed`. */
  readonly grouping?: Grouping | undefined;
}

/**
 * Finds out how SQL has to be run.
 *
 * @param text SQL as it will be sent, variables replaced
 * @param at where it stands in its file, for errors, reasons and line numbers; `unwrap`
 * @throws GodwitError GODWIT_FILE_INVALID for psql's meta-commands and a transaction
 * that the file begins and never ends
 * @example
 * const { mode } = await analyse('create index concurrently i on t (a)'); // 'statements'
 */
export async function analyse(text: string, at: AnalyseOptions = {}): Promise<Analysis> {
  const found = await survey(text, at);
  if (at.unwrap && isWrapped(found)) {
    const [first, last] = [found.noted[0], found.noted.at(-1)] as [Noted, Noted];
    return inOneTransaction(text, at, found, [first.statement, last.statement]);
  }
  const reasons = explain(text, at, found);
  if (reasons.length === 0) return inOneTransaction(text, at, found, []);
  return {
    mode: 'statements',
    reasons,
    statements: oneByOne(text, at, found),
    pieces: [],
  };
}

/** The server refuses BEGIN's content the same way, so nothing more is asked of it. */
function inOneTransaction(
  text: string,
  at: AnalyseOptions,
  found: Survey,
  wrapper: readonly ReadStatement[],
): Analysis {
  const { hasCopyData, switchesEscapes, dropped } = found;
  const without = wrapper.map(({ offset }) => offset);
  const whole = !hasCopyData && !switchesEscapes && text.length <= MOST_CHARACTERS;
  const skipped = [...dropped, ...wrapper.map(({ offset, end }) => [offset, end] as const)];
  const message = whole ? blank(text, 0, text.length, skipped) : undefined;
  return {
    mode: 'transaction',
    reasons: [],
    // A long file's statements are listed only for who asks.
    get statements() {
      if (wrapper.length === 0) return oneByOne(text, at, found);
      const trees = new Map(found.noted.map(({ index, tree }) => [index, tree]));
      return readStatements(text, at).statements.flatMap((each, i) =>
        without.includes(each.offset) ? [] : [describe(each, trees.get(i), true, 0, 0)],
      );
    },
    ...(message !== undefined && { message }),
    pieces:
      message === undefined
        ? { [Symbol.iterator]: () => cutPieces(text, { ...at, without, single: switchesEscapes }) }
        : [{ text: message, line: at.line ?? 1 }],
  };
}

function oneByOne(text: string, at: AnalyseOptions, { noted }: Survey): AnalysedStatement[] {
  const { statements } = readStatements(text, at);
  const notes = new Map(noted.map((each) => [each.index, each]));
  const blocks = numberBlocks(
    statements,
    statements.map((_, i) => notes.get(i)?.control),
    at,
  );
  const refused = statements.map((_, i) => {
    const note = notes.get(i);
    return note !== undefined && refusal(noted, note) !== undefined;
  });
  const alone = statements.map((_, i) => refused[i] === true || blocks[i] !== 0);
  const groups = numberGroups(statements, alone, at.grouping ?? 'needed');
  return statements.map((statement, i) =>
    describe(statement, notes.get(i)?.tree, !refused[i], blocks[i] ?? 0, groups[i] ?? 0),
  );
}

/** @returns what of it the server refuses in a transaction, as the server puts it */
function refusal(noted: readonly Noted[], { index, statement, tree }: Noted): string | undefined {
  if (!tree) return undefined;
  const kind = tree.TransactionStmt?.kind;
  if (kind?.endsWith('_PREPARED')) return kindOf(statement.words);
  const called = lastName(tree.CallStmt?.funccall?.funcname);
  const defines = (each: Noted): boolean =>
    each.index < index && definesCommitting(each.tree, called);
  if (called !== undefined && noted.some(defines)) {
    return `CALL ${called}, which ends its transaction,`;
  }
  return refusedInTransaction(tree);
}

function definesCommitting(tree: Tree | undefined, name: string | undefined): boolean {
  const routine = tree?.CreateFunctionStmt;
  if (!routine?.is_procedure || lastName(routine.funcname) !== name) return false;
  return commits(bodyOf(routine.options));
}

function explain(text: string, at: TextPlace, { noted }: Survey): string[] {
  const why: string[] = [];
  for (const note of noted) {
    const { statement, tree } = note;
    const reason = refusal(noted, note);
    const value = tree?.AlterEnumStmt;
    if (reason !== undefined) {
      why.push(`${reason} cannot run in a transaction (line ${statement.line}).`);
    } else if (value?.newVal !== undefined && value.oldVal === undefined) {
      const type = lastName(value.typeName) ?? '';
      if (usedTooEarly(text, at, note, type, value.newVal)) {
        why.push(
          `The new value '${value.newVal}' of ${type} (line ${statement.line}) is used before it would be committed.`,
        );
      }
    }
  }
  const control = noted.find((each) => each.control !== undefined);
  if (control) {
    why.push(`The file begins and ends transactions itself (line ${control.statement.line}).`);
  }
  return why;
}

function usedTooEarly(
  text: string,
  at: TextPlace,
  { index }: Noted,
  type: string,
  value: string,
): boolean {
  let number = 0;
  for (const statement of new StatementScan(text, at).statements()) {
    if (number < index && createsType(type, statement)) return false;
    if (number > index && usesValue(value, statement)) return true;
    number++;
  }
  return false;
}

function describe(
  { words, end: _, ...statement }: ReadStatement,
  tree: Tree | undefined,
  allowed: boolean,
  block: number,
  group: number,
): AnalysedStatement {
  const index = tree?.IndexStmt?.concurrent ? tree.IndexStmt : undefined;
  const schema = index?.relation?.schemaname;
  return {
    ...statement,
    inTransaction: allowed && block === 0,
    kind: kindOf(words),
    ...(block > 0 && { block }),
    ...(group > 0 && { group }),
    ...(index && {
      concurrentIndex: {
        ...(schema !== undefined && { schema }),
        ...(index.idxname !== undefined && { name: index.idxname }),
        table: index.relation?.relname ?? '',
        ifNotExists: index.if_not_exists === true,
      },
    }),
  };
}
