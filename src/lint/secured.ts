import type { LintFile } from './file.ts';
import { readSql, says } from './read-sql.ts';
import { keyOf } from './sizes.ts';
import { subjectOf } from './subject.ts';

/** Tables whose row level security some file switches on. */
export function securedTables(files: readonly LintFile[]): Set<string> {
  const secured = new Set<string>();
  for (const { migration } of files) {
    const { up } = migration ?? {};
    if (!up || !/row\s+level\s+security/i.test(up.text)) continue;
    for (const statement of readSql(up)) {
      const { action, table } = subjectOf(statement);
      const on = says(statement, 'enable row level security');
      if (action === 'alter table' && table && on) secured.add(keyOf(table.schema, table.name));
    }
  }
  return secured;
}
