import type { AnalysedStatement } from './sql/index.ts';
import { sha256 } from './text.ts';

export const EMPTY_PREFIX: string = sha256('');

/** A chain of hashes: each statement costs only its own length. */
export function extendPrefix(prefix: string, { text, copyData = '' }: AnalysedStatement): string {
  return sha256(`${prefix}\n${text};${copyData}`);
}

/** Of the statements that are done, so that the rest may still be corrected. */
export function prefixHash(statements: readonly AnalysedStatement[], done: number): string {
  return statements.slice(0, done).reduce(extendPrefix, EMPTY_PREFIX);
}
