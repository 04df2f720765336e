import type { Migration } from '../../ports/migration.ts';

const DATA = /^(insert|update|delete|merge|copy|truncate|with|do|call|select)\b/i;
/** These may write rows, and may not. */
const UNSURE = /^(with|do|call|select)$/i;

/** Rows that the files wrote are not in a schema: each statement that may have is told. */
export async function dataWarnings(migrations: readonly Migration[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const migration of migrations) {
    const body = await migration.load();
    if (body.type === 'code') {
      warnings.push(
        `${migration.id} is code: rows or documents that it wrote are not in the baseline.`,
      );
      continue;
    }
    const { splitStatements } = await import('../../drivers/postgres/sql/index.ts');
    const { text, file, line } = body.up;
    for (const statement of splitStatements(text, { file, line })) {
      const word = DATA.exec(withoutComments(statement.text))?.[1]?.toUpperCase();
      if (word === undefined) continue;
      const writes = UNSURE.test(word) ? 'may write rows, which' : 'writes rows, which';
      warnings.push(`${file}:${statement.line}: ${word} ${writes} the baseline does not have.`);
    }
  }
  return warnings;
}

function withoutComments(text: string): string {
  return text.replace(/^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '');
}
