import { SqlLexer } from '../../../core/text/sql-lexer.ts';
import type { ReadStatement } from './statement.ts';

/**
 * Which of some new enum values are mentioned in a later statement. The server refuses to
 * use one before its ALTER TYPE is committed. A mention in another meaning counts too: that
 * costs the file its one transaction, a missed one would cost a failed run.
 */
export function usedValues<T extends { readonly name: string }>(
  values: readonly T[],
  statement: ReadStatement,
): T[] {
  if (values.length === 0) return [];
  const found = new Set(values.filter(({ name }) => usesValue(name, statement)));
  for (const rows of statement.copyParts ?? []) {
    for (const value of values) if (rows.includes(value.name)) found.add(value);
  }
  return [...found];
}

function usesValue(value: string, { text, copyData }: ReadStatement): boolean {
  if (copyData?.includes(value)) return true;
  if (!text.includes(value.replaceAll("'", "''")) && !text.includes(value)) return false;
  const lexer = new SqlLexer(text);
  while (lexer.next()) {
    const token = text.slice(lexer.start, lexer.end);
    if (lexer.kind === 'string' && isMention(token, value)) return true;
    // The body of a function or a DO block, whose literals are one level down.
    if (lexer.kind === 'dollar' && token.includes(value)) return true;
  }
  return false;
}

function isMention(literal: string, value: string): boolean {
  const content = literal.slice(literal.indexOf("'") + 1, -1).replaceAll("''", "'");
  // Arrays (`{a,b}`) and JSON hold it among other text.
  return content === value || (/[{[]/.test(content) && content.includes(value));
}

/** An enum that the file itself makes may use its new values at once. */
export function createsType(name: string, { words, text }: ReadStatement): boolean {
  return (
    words[0] === 'create' &&
    words[1] === 'type' &&
    /\bas\s+enum\b/i.test(text) &&
    text.toLowerCase().includes(name.toLowerCase())
  );
}
