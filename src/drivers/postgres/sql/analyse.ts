import type { SqlInput } from '../../../core/text/long-sql.ts';
import { BlockNumbers, isWrapped, refuseOpenBlock } from './blocks.ts';
import { newValueOf, usedTooEarly } from './enum-value.ts';
import { type Grouping, GroupNumbers } from './groups.ts';
import { kindOf } from './kind.ts';
import { blank, cutPieces, MOST_CHARACTERS, type Piece } from './pieces.ts';
import { refusal } from './refused-statement.ts';
import { StatementScan } from './split.ts';
import type { ReadStatement, Statement, TextPlace } from './statement.ts';
import { type Noted, type Survey, survey } from './survey.ts';
import type { Tree } from './tree.ts';

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
  /** Of a file in parts in place of `copyData`: see `ReadStatement`. */
  readonly copyParts?: Iterable<string>;
}

/** Statements of a file. Of one in parts read anew by each iterator, which is for one use. */
export interface StatementList extends Iterable<AnalysedStatement> {
  readonly length: number;
}

export interface Analysis<List extends StatementList = readonly AnalysedStatement[]> {
  /**
   * `transaction`: all statements fit into one. `statements`: one after the other, each
   * that is `inTransaction` in one of its own or of its group.
   */
  readonly mode: 'transaction' | 'statements';
  /** Why it is not one transaction, a sentence each. Empty for `transaction`. */
  readonly reasons: readonly string[];
  /** With `unwrap`, without the BEGIN and COMMIT of a file that is wrapped in them. */
  readonly statements: List;
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
export function analyse(text: string, at?: AnalyseOptions): Promise<Analysis>;
export function analyse(input: SqlInput, at?: AnalyseOptions): Promise<Analysis<StatementList>>;
export async function analyse(
  input: SqlInput,
  at: AnalyseOptions = {},
): Promise<Analysis<StatementList>> {
  const found = await survey(input, at);
  if (at.unwrap && isWrapped(found)) {
    const [first, last] = [found.noted[0], found.noted.at(-1)] as [Noted, Noted];
    return inOneTransaction(input, at, found, [first.statement, last.statement]);
  }
  const reasons = explain(input, at, found);
  if (reasons.length === 0) return inOneTransaction(input, at, found, []);
  refuseOpenBlock(found, at);
  return {
    mode: 'statements',
    reasons,
    statements: listOf(input, found.count, () => describeAll(input, at, found)),
    pieces: [],
  };
}

/** The server refuses BEGIN's content the same way, so nothing more is asked of it. */
function inOneTransaction(
  input: SqlInput,
  at: AnalyseOptions,
  found: Survey,
  wrapper: readonly ReadStatement[],
): Analysis<StatementList> {
  const { hasCopyData, switchesEscapes, dropped } = found;
  const without = wrapper.map(({ offset }) => offset);
  const isShort = typeof input === 'string' && input.length <= MOST_CHARACTERS;
  const skipped = [...dropped, ...wrapper.map(({ offset, end }) => [offset, end] as const)];
  const message =
    isShort && !hasCopyData && !switchesEscapes
      ? blank({ text: input, offset: 0 }, 0, input.length, skipped)
      : undefined;
  return {
    mode: 'transaction',
    reasons: [],
    // A long file's statements are listed only for who asks.
    get statements() {
      return listOf(input, found.count - wrapper.length, () =>
        describeAll(input, at, found, wrapper.length > 0 ? without : undefined),
      );
    },
    ...(message !== undefined && { message }),
    pieces:
      message === undefined
        ? { [Symbol.iterator]: () => cutPieces(input, { ...at, without, single: switchesEscapes }) }
        : [{ text: message, line: at.line ?? 1 }],
  };
}

function listOf(
  input: SqlInput,
  length: number,
  read: () => Iterable<AnalysedStatement>,
): StatementList {
  if (typeof input === 'string') return [...read()];
  return { length, [Symbol.iterator]: () => read()[Symbol.iterator]() };
}

/** @param without offsets of the BEGIN and COMMIT that godwit takes for its own */
function* describeAll(
  input: SqlInput,
  at: AnalyseOptions,
  { noted, defined }: Survey,
  without?: readonly number[],
): Generator<AnalysedStatement, void> {
  const notes = new Map(noted.map((each) => [each.index, each]));
  const blocks = new BlockNumbers();
  const groups = new GroupNumbers(at.grouping ?? 'needed');
  let index = 0;
  for (const statement of new StatementScan(input, at).statements()) {
    const note = notes.get(index++);
    if (without) {
      if (!without.includes(statement.offset)) yield describe(statement, note?.tree, true, 0, 0);
      continue;
    }
    const isRefused = note !== undefined && refusal(defined, note) !== undefined;
    const block = blocks.next(statement, note?.control);
    const group = groups.next(statement, isRefused || block !== 0);
    yield describe(statement, note?.tree, !isRefused, block, group);
  }
}

function explain(input: SqlInput, at: TextPlace, { noted, defined }: Survey): string[] {
  const tooEarly = usedTooEarly(input, at, noted.flatMap(newValueOf));
  const why: string[] = [];
  for (const note of noted) {
    const { line } = note.statement;
    const reason = refusal(defined, note);
    const value = tooEarly.get(note.index);
    if (reason !== undefined) {
      why.push(`${reason} cannot run in a transaction (line ${line}).`);
    } else if (value) {
      why.push(
        `The new value '${value.name}' of ${value.type} (line ${line}) is used before it would be committed.`,
      );
    }
  }
  const control = noted.find((each) => each.control !== undefined);
  if (control) {
    why.push(`The file begins and ends transactions itself (line ${control.statement.line}).`);
  }
  return why;
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
