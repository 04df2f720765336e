import { createHash } from 'node:crypto';
import type { AnalysedStatement } from './sql/index.ts';
import { sha256 } from './text.ts';

export const EMPTY_PREFIX: string = sha256('');

/**
 * A hash of the statements that are done, so that the rest may still be corrected. It is a
 * chain: each statement costs only its own length.
 */
export function extendPrefix(prefix: string, statement: AnalysedStatement): string {
  const link = linkOf(prefix, statement);
  for (const _ of link.statement.copyParts ?? []) {
    // It is hashed as it is read.
  }
  return link.prefix;
}

export interface Link {
  /** To be sent in place of the other: its data is hashed as it is read. */
  readonly statement: AnalysedStatement;
  /** With the statement in it; to be asked for when its data was read. */
  readonly prefix: string;
}

export function linkOf(before: string, statement: AnalysedStatement): Link {
  const { text, copyData = '', copyParts } = statement;
  const digest = createHash('sha256').update(`${before}\n${text};${copyData}`);
  let prefix: string | undefined;
  return {
    statement: copyParts
      ? { ...statement, copyParts: passing(copyParts, (part) => digest.update(part)) }
      : statement,
    get prefix() {
      prefix ??= digest.digest('hex');
      return prefix;
    },
  };
}

function* passing(parts: Iterable<string>, look: (part: string) => void): Generator<string, void> {
  for (const part of parts) {
    look(part);
    yield part;
  }
}
