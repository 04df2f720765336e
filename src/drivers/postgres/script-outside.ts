import type { ScriptStep } from '../../ports/driver.ts';
import type { NewHistoryEvent } from '../../ports/history.ts';
import { insertEvent } from './history-sql.ts';
import { EMPTY_PREFIX, extendPrefix } from './prefix.ts';
import { withFence } from './script-fence.ts';
import type { AnalysedStatement } from './sql/index.ts';
import { begin, type Store } from './store.ts';
import { ident } from './text.ts';

/**
 * The statements of a file that runs outside a transaction, with the checkpoints that a
 * run would leave: after an error `godwit up` goes on where the script stopped.
 */
export function statementsOf(
  store: Store,
  { header }: ScriptStep,
  statements: readonly AnalysedStatement[],
): string[] {
  const lines: string[] = [];
  const insert = (event: NewHistoryEvent): string =>
    `${withFence(store, insertEvent(store, event))};`;
  let prefix = EMPTY_PREFIX;
  const checkpoint = (done: number, before: boolean): string =>
    insert({ ...header, event: 'checkpoint', statements: done, prefix, ...(before && { before }) });
  lines.push(
    `${begin(store)}${insert({ ...header, event: 'started', resume: 'checkpoint' })}commit;`,
  );
  if (store.role !== undefined) lines.push(`set role ${ident(store.role)};`);
  for (const [i, statement] of statements.entries()) {
    const { block, inTransaction } = statement;
    const ends = block !== undefined && statements[i + 1]?.block !== block;
    const begins = block !== undefined && statements[i - 1]?.block !== block;
    if (block === undefined && !inTransaction) {
      lines.push(`${begin(store)}${checkpoint(i, true)}commit;`);
    }
    const text = textOf(statement);
    prefix = extendPrefix(prefix, statement);
    if (block === undefined && inTransaction) {
      lines.push(begin(store), text, `${checkpoint(i + 1, false)}commit;`);
    } else if (block === undefined || (begins && ends)) {
      lines.push(text, `${begin(store)}${checkpoint(i + 1, false)}commit;`);
    } else if (ends) lines.push(checkpoint(i + 1, false), text);
    else lines.push(text);
  }
  return lines;
}

/** COPY data goes behind its statement, up to the line that ends it. */
export function textOf({ text, copyData }: AnalysedStatement): string {
  if (copyData === undefined) return `${text.trim()}\n;`;
  const data = copyData === '' || copyData.endsWith('\n') ? copyData : `${copyData}\n`;
  return `${text.trim()};\n${data}\\.`;
}
