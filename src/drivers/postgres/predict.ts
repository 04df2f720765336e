import { inputOf } from '../../core/text/long-sql.ts';
import type { Prediction } from '../../ports/driver.ts';
import type { SqlText } from '../../ports/migration.ts';
import { refused } from './prepare-sql.ts';
import { analyse, inputMayNeedParser } from './sql/index.ts';

/**
 * How a file would be run, decided as a run decides it. Variables are replaced already.
 *
 * @throws GodwitError GODWIT_TRANSACTION_REFUSED, GODWIT_FILE_INVALID
 */
export async function predict(sql: SqlText): Promise<Prediction> {
  if (sql.transaction === 'never') return { mode: 'never', reasons: ['declared no-transaction'] };
  const input = inputOf(sql);
  if (!(await inputMayNeedParser(input))) return { mode: 'always', reasons: [] };
  const { mode, reasons } = await analyse(input, {
    file: sql.file,
    line: sql.line,
    unwrap: true,
  });
  if (mode === 'transaction') return { mode: 'always', reasons: [] };
  if (sql.transaction === 'always') throw refused(sql, reasons);
  return { mode: 'never', reasons };
}
