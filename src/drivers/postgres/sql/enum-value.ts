import type { SqlInput } from '../../../core/text/long-sql.ts';
import { SqlLexer } from '../../../core/text/sql-lexer.ts';
import { StatementScan } from './split.ts';
import type { ReadStatement, TextPlace } from './statement.ts';
import type { Noted } from './survey.ts';
import { lastName } from './tree.ts';

/** A value that ALTER TYPE adds to an enum. */
export interface NewValue {
  /** Number of the statement. */
  readonly index: number;
  readonly type: string;
  readonly name: string;
}

export function newValueOf({ index, tree }: Noted): NewValue[] {
  const { newVal, oldVal, typeName } = tree?.AlterEnumStmt ?? {};
  if (newVal === undefined || oldVal !== undefined) return [];
  return [{ index, type: lastName(typeName) ?? '', name: newVal }];
}

/**
 * Values that a later statement mentions before they would be committed, by their
 * statement's number: found in one pass for all.
 */
export function usedTooEarly(
  input: SqlInput,
  at: TextPlace,
  values: readonly NewValue[],
): Map<number, NewValue> {
  const used = new Map<number, NewValue>();
  let open = [...values];
  let number = 0;
  if (open.length === 0) return used;
  for (const statement of new StatementScan(input, at).statements()) {
    const made = open.filter(({ index, type }) => number < index && createsType(type, statement));
    const later = open.filter(({ index }) => number > index);
    const found = usedValues(later, statement);
    for (const value of found) used.set(value.index, value);
    open = open.filter((value) => !made.includes(value) && !found.includes(value));
    if (open.length === 0) break;
    number++;
  }
  return used;
}

/**
 * Which of some new enum values are mentioned in a later statement. The server refuses to
 * use one before its ALTER TYPE is committed. A mention in another meaning counts too: that
 * costs the file its one transaction, a missed one would cost a failed run.
 */
function usedValues(values: readonly NewValue[], statement: ReadStatement): NewValue[] {
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
function createsType(name: string, { words, text }: ReadStatement): boolean {
  return (
    words[0] === 'create' &&
    words[1] === 'type' &&
    /\bas\s+enum\b/i.test(text) &&
    text.toLowerCase().includes(name.toLowerCase())
  );
}
