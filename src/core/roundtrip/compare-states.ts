import type { Snapshot } from '../../ports/snapshot.ts';
import { compareRows, type TableState } from './compare-rows.ts';
import { compareSchemas } from './compare-schemas.ts';
import type { Difference, RowsDifference } from './report.ts';

/** A database at one moment. */
export interface DatabaseState {
  readonly schema: Snapshot;
  readonly tables: ReadonlyMap<string, TableState>;
}

/**
 * All that is not as it was. Rows that differ while their number is the same fail nothing
 * after the second `up`, when `down` restored everything: what `up` wrote is then not the
 * same each time, such as the time of day or a new id.
 *
 * @param lenient rows of equal number may differ
 */
export async function compareStates(
  before: DatabaseState,
  now: DatabaseState,
  after: Difference['after'],
  lenient: boolean,
): Promise<Difference[]> {
  const found = compareSchemas(before.schema, now.schema, after);
  const gone = new Set(found.map(({ name }) => name));
  for (const [name, was] of before.tables) {
    const is = now.tables.get(name);
    if (is === undefined) {
      // Without its rows nobody would know what went with the table.
      if (was.print.rows > 0 && !gone.has(name)) found.push(absent(name, was, after));
      continue;
    }
    const rows = await compareRows(was, is);
    if (rows) found.push(describe(name, rows, after, lenient && rows.before === rows.after));
  }
  for (const [name, is] of now.tables) {
    if (before.tables.has(name) || is.print.rows === 0 || gone.has(name)) continue;
    const message = `${name} holds ${count(is.print.rows)} and was not there`;
    found.push({ after, severity: 'error', change: 'extra', kind: 'rows', name, message });
  }
  return found;
}

function absent(name: string, { print }: TableState, after: Difference['after']): Difference {
  const message = `${name} is gone with ${count(print.rows)}`;
  return { after, severity: 'error', change: 'missing', kind: 'rows', name, message };
}

function describe(
  name: string,
  rows: RowsDifference,
  after: Difference['after'],
  lenient: boolean,
): Difference {
  const { missing, extra, changed, complete } = rows;
  const parts = [
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(extra > 0 ? [`${extra} too many`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
  ].join(', ');
  const least = complete ? '' : 'at least ';
  const when = { down: 'before up', again: 'after the first up', twin: 'in the first database' };
  const why = lenient ? ': up does not write the same each time' : '';
  return {
    after,
    severity: lenient ? 'warning' : 'error',
    change: changed > 0 ? 'changed' : missing > 0 ? 'missing' : 'extra',
    kind: 'rows',
    name,
    message: `${name}: ${least}${parts} of ${count(rows.before)} ${when[after]}${why}`,
    rows,
  };
}

function count(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
