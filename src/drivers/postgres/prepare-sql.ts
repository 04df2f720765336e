import { inputOf, type SqlInput } from '../../core/text/long-sql.ts';
import { withVariables } from '../../core/variables.ts';
import { GodwitError } from '../../errors.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { Job } from '../../ports/session.ts';
import {
  analyse,
  cutPieces,
  inputMayNeedParser,
  MOST_CHARACTERS,
  type Piece,
  piecesOf,
  type StatementList,
  type TextPlace,
} from './sql/index.ts';

export type { Piece } from './sql/index.ts';

export type PreparedSql =
  | { readonly mode: 'transaction'; readonly source: SqlText; readonly pieces: Iterable<Piece> }
  | { readonly mode: 'statements'; readonly source: SqlText; readonly statements: StatementList };

/**
 * Decides how SQL is run. Most files are seen at a glance to fit into one transaction,
 * and are sent as they are; the parser is loaded only for the others.
 *
 * @throws GodwitError GODWIT_TRANSACTION_REFUSED, GODWIT_VARIABLE_MISSING, GODWIT_FILE_INVALID,
 * GODWIT_PLAN_CHANGED for a long file that is not what was listed
 */
export async function prepareSql(job: Job, source: SqlText): Promise<PreparedSql> {
  const mode = job.transaction === 'auto' ? source.transaction : job.transaction;
  const at = { file: source.file, line: source.line };
  const input = inputOf(withVariables(source, job.variables));
  const resumed = job.checkpoint !== undefined;
  if (mode !== 'never' && !resumed && !(await inputMayNeedParser(input))) {
    return { mode: 'transaction', source, pieces: wholePieces(input, at) };
  }
  // Resumed or by statements, the file's own words are sent, and so its own BEGIN too.
  const unwrap = mode !== 'never' && !resumed;
  const grouping = mode === 'never' ? 'needed' : 'all';
  const analysis = await analyse(input, { ...at, unwrap, grouping });
  if (mode === 'always' && analysis.mode === 'statements') throw refused(source, analysis.reasons);
  if (mode === 'never' || resumed || analysis.mode === 'statements') {
    const { statements } = analysis;
    return { mode: 'statements', source, statements };
  }
  return { mode: 'transaction', source, pieces: analysis.pieces };
}

/** Of a file in which nothing is special. */
function wholePieces(input: SqlInput, at: TextPlace): Iterable<Piece> {
  if (typeof input !== 'string') return { [Symbol.iterator]: () => piecesOf(input, at) };
  if (input.length <= MOST_CHARACTERS) return [{ text: input, line: at.line ?? 1 }];
  return { [Symbol.iterator]: () => cutPieces(input, at) };
}

export function refused(source: SqlText, reasons: readonly string[]): GodwitError {
  return new GodwitError(
    'GODWIT_TRANSACTION_REFUSED',
    `${source.file} is declared to run in a transaction, and cannot. ${reasons.join(' ')}`,
    {
      where: { file: source.file },
      state: 'Nothing of it was run.',
      next: ['take the directive out of the file, or: -- godwit: no-transaction'],
    },
  );
}
