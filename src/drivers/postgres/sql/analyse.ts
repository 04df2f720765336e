import { type Control, controlOf, isWrapped, numberBlocks } from './blocks.ts';
import { createsType, usesValue } from './enum-value.ts';
import { kindOf } from './kind.ts';
import { isCandidate } from './need.ts';
import { parseStatement } from './parser.ts';
import { commits, refusedInTransaction } from './refusal.ts';
import { type ReadResult, readStatements } from './split.ts';
import type { ReadStatement, Statement, TextPlace } from './statement.ts';
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
}

export interface Analysis {
  /**
   * `transaction`: all statements fit into one. `statements`: one after the other, each
   * that is `inTransaction` in its own.
   */
  readonly mode: 'transaction' | 'statements';
  /** Why it is not one transaction, a sentence each. Empty for `transaction`. */
  readonly reasons: readonly string[];
  /** With `unwrap`, without the BEGIN and COMMIT of a file that is wrapped in them. */
  readonly statements: readonly AnalysedStatement[];
  /**
   * In mode `transaction` the text to send as one message, of as many characters as the
   * one analysed, so that positions hold: what must not be sent is blank. Absent when there
   * is COPY data: then statements have to be sent one by one.
   */
  readonly message?: string;
}

export interface AnalyseOptions extends TextPlace {
  /**
   * Take the BEGIN and COMMIT around a whole file as godwit's own. Only for a caller who
   * sends `message` or `statements` in one transaction and never the text itself: then
   * the record of the run commits with the work. Off, the file keeps its transaction.
   */
  readonly unwrap?: boolean | undefined;
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
  const read = readStatements(text, at);
  const trees = await parseCandidates(read.statements);
  if (at.unwrap && !read.switchesEscapes && isWrapped(trees)) return unwrapped(text, read, trees);
  const reasons = read.statements.map((_, i) => refusal(read.statements, trees, i));
  const controls = trees.map((tree) => tree && controlOf(tree));
  const blocks = numberBlocks(read.statements, controls, at);
  const why = explain(read, reasons, controls, trees);
  const statements = read.statements.map((statement, i) =>
    describe(statement, trees[i], reasons[i] === undefined, blocks[i]),
  );
  if (why.length > 0) return { mode: 'statements', reasons: why, statements };
  return { mode: 'transaction', reasons: [], statements, ...message(text, read, []) };
}

async function parseCandidates(
  statements: readonly ReadStatement[],
): Promise<(Tree | undefined)[]> {
  const trees: (Tree | undefined)[] = [];
  for (const { words, text } of statements) {
    trees.push(isCandidate(words, text) ? await parseStatement(text) : undefined);
  }
  return trees;
}

/** The server refuses BEGIN's content the same way, so nothing more is asked. */
function unwrapped(text: string, read: ReadResult, trees: readonly (Tree | undefined)[]): Analysis {
  const first = read.statements[0] as ReadStatement;
  const last = read.statements.at(-1) as ReadStatement;
  return {
    mode: 'transaction',
    reasons: [],
    statements: read.statements
      .slice(1, -1)
      .map((each, i) => describe(each, trees[i + 1], true, 0)),
    ...message(text, read, [first, last]),
  };
}

function refusal(
  statements: readonly ReadStatement[],
  trees: readonly (Tree | undefined)[],
  i: number,
): string | undefined {
  const tree = trees[i];
  if (!tree) return undefined;
  const kind = tree.TransactionStmt?.kind;
  if (kind?.endsWith('_PREPARED')) return kindOf((statements[i] as ReadStatement).words);
  const called = lastName(tree.CallStmt?.funccall?.funcname);
  if (called !== undefined && trees.slice(0, i).some((other) => definesCommitting(other, called))) {
    return `CALL ${called}, which ends its transaction,`;
  }
  return refusedInTransaction(tree);
}

function definesCommitting(tree: Tree | undefined, name: string): boolean {
  const routine = tree?.CreateFunctionStmt;
  if (!routine?.is_procedure || lastName(routine.funcname) !== name) return false;
  return commits(bodyOf(routine.options));
}

function explain(
  read: ReadResult,
  reasons: readonly (string | undefined)[],
  controls: readonly (Control | undefined)[],
  trees: readonly (Tree | undefined)[],
): string[] {
  const { statements } = read;
  const why: string[] = [];
  for (const [i, statement] of statements.entries()) {
    const reason = reasons[i];
    const value = trees[i]?.AlterEnumStmt;
    if (reason !== undefined)
      why.push(`${reason} cannot run in a transaction (line ${statement.line}).`);
    else if (value?.newVal !== undefined && value.oldVal === undefined) {
      const type = lastName(value.typeName) ?? '';
      if (
        !createsType(type, statements.slice(0, i)) &&
        usesValue(value.newVal, statements.slice(i + 1))
      ) {
        why.push(
          `The new value '${value.newVal}' of ${type} (line ${statement.line}) is used before it would be committed.`,
        );
      }
    }
  }
  const control = controls.findIndex((each) => each !== undefined);
  if (control >= 0)
    why.push(`The file begins and ends transactions itself (line ${statements[control]?.line}).`);
  if (read.switchesEscapes)
    why.push(
      'The file switches standard_conforming_strings off, which takes effect only for statements sent later.',
    );
  return why;
}

function describe(
  { words, end: _, ...statement }: ReadStatement,
  tree: Tree | undefined,
  allowed: boolean,
  block = 0,
): AnalysedStatement {
  const index = tree?.IndexStmt?.concurrent ? tree.IndexStmt : undefined;
  const schema = index?.relation?.schemaname;
  return {
    ...statement,
    inTransaction: allowed && block === 0,
    kind: kindOf(words),
    ...(block > 0 && { block }),
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

function message(
  text: string,
  read: ReadResult,
  wrapper: readonly ReadStatement[],
): { message?: string } {
  if (read.statements.some((statement) => statement.copyData !== undefined)) return {};
  let sent = text;
  const ranges = [...read.dropped, ...wrapper.map(({ offset, end }) => [offset, end] as const)];
  for (const [start, end] of ranges) {
    const blank = text.slice(start, end).replace(/[^\r\n]/gu, ' ');
    sent = sent.slice(0, start) + blank + sent.slice(end);
  }
  return { message: sent };
}
