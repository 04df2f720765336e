import type { Reading } from './catalog.ts';
import type { ColumnRow } from './columns.ts';
import { changeOf } from './privileges.ts';
import type { Owned } from './rows.ts';
import { ownedBy } from './types.ts';

/** Owner and rights of a table or view, those on single columns too. */
export function relationStatements(
  row: Owned & { readonly name: string },
  word: string,
  columns: readonly ColumnRow[],
  reading: Reading,
): string[] {
  const all = 'arwx';
  return [
    // Rights on a view are those on a table.
    ...ownedBy(row, word, reading).map((statement) =>
      /^(GRANT|REVOKE)/.test(statement)
        ? statement.replace(` ON ${word} ${row.name}`, ` ON TABLE ${row.name}`)
        : statement,
    ),
    ...(reading.options.grants
      ? columns.flatMap((column) =>
          changeOf(null, column.acl, { on: `TABLE ${row.name}`, column: column.name, all }),
        )
      : []),
  ];
}
