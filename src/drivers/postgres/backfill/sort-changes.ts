import type { ErrorInfo } from '../../../errors.ts';
import type { KeyValue, RowChange } from '../../../ports/backfill-job.ts';
import type { Claimed } from './claimed.ts';
import type { VersionedRow } from './read.ts';
import type { Column, Target } from './target.ts';
import { valueText } from './values.ts';

export interface Sorted {
  readonly updates: {
    readonly read: VersionedRow;
    readonly values: ReadonlyMap<string, string | null>;
  }[];
  readonly deletes: VersionedRow[];
  readonly poison: { readonly key: KeyValue; readonly error: ErrorInfo }[];
}

/** By what is done with them; a value that no column can hold sets its row aside. */
export function sortChanges(
  { target, place }: Claimed,
  rows: readonly VersionedRow[],
  changes: readonly RowChange[],
): Sorted {
  const sorted: Sorted = { updates: [], deletes: [], poison: [] };
  const columns = new Map(target.columns.map((column) => [column.name, column]));
  for (const [at, read] of rows.entries()) {
    const change = changes[at];
    if (change?.type === 'delete') sorted.deletes.push(read);
    else if (change?.type === 'poison') sorted.poison.push({ key: read.key, error: change.error });
    else if (change?.type === 'set') {
      try {
        const values = textValues(change, columns, target, place.embedded);
        if (values.size > 0) sorted.updates.push({ read, values });
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        sorted.poison.push({ key: read.key, error: { code: 'GODWIT_BACKFILL_FAILED', message } });
      }
    }
  }
  return sorted;
}

function textValues(
  { values, unset }: Extract<RowChange, { type: 'set' }>,
  columns: ReadonlyMap<string, Column>,
  target: Target,
  embedded: boolean,
): Map<string, string | null> {
  const texts = new Map<string, string | null>();
  const add = (name: string, value: unknown): void => {
    const column = columns.get(name);
    if (!column) throw new TypeError(`There is no column ${name}.`);
    if (column.generated) throw new TypeError(`The column ${name} is computed by the server.`);
    if (target.key.includes(column)) throw new TypeError(`The key's column ${name} cannot change.`);
    texts.set(name, valueText(value, column, embedded));
  };
  for (const name in values) add(name, values[name]);
  for (const name of unset ?? []) add(name, null);
  return texts;
}
