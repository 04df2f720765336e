import type { SqlText } from '../../ports/migration.ts';

/**
 * SQL as squawk can read it: psql's lines blank, `${name}` a name of the same length, so
 * that every place stays where it is.
 */
export function asSent({ text, variables }: Pick<SqlText, 'text' | 'variables'>): string {
  const plain = text.replace(/^\\(?:un)?restrict\b.*$/gm, (line) => ' '.repeat(line.length));
  if (!variables) return plain;
  return plain.replace(/\$\{[A-Za-z_][\w.-]*\}/g, (name) => 'v'.repeat(name.length));
}
