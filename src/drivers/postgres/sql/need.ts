import { setImmediate } from 'node:timers/promises';
import type { SqlInput } from '../../../core/text/long-sql.ts';
import { wholePart } from '../../../core/text/sql-cut.ts';
import { SqlReader } from '../../../core/text/sql-reader.ts';
import type { SqlPart } from '../../../ports/sql-part.ts';

/**
 * Without one of these words or characters a file cannot hold anything special. One
 * regular expression over the text is all that ordinary files pay.
 */
const SUSPECT =
  /[\\\ufeff]|concurrently|vacuum|database|tablespace|\bsystem\b|\bcluster\b|reindex|subscription|prepare|discard|\bbegin\b|\bstart\b|\bcommit\b|\brollback\b|\babort\b|\bend\b|\bstdin\b|\bcall\b|add\s+value|standard_conforming_strings/i;

/**
 * Tells cheaply whether a file has to be analysed before it is run. False means that it
 * surely runs as one message in one transaction; true means only that it may not.
 *
 * @example
 * mayNeedParser("insert into log values ('vacuum')"); // false
 */
export function mayNeedParser(text: string): boolean {
  if (!SUSPECT.test(text)) return false;
  return text.charCodeAt(0) === 0xfeff || new Suspicion().isOf(wholePart(text));
}

/** The same of a text that may be long; others get their turn in between. */
export async function inputMayNeedParser(input: SqlInput): Promise<boolean> {
  if (typeof input === 'string') return mayNeedParser(input);
  const suspicion = new Suspicion();
  for (const part of input()) {
    if (suspicion.isOf(part)) return true;
    await setImmediate();
  }
  return false;
}

/** Looks at the parts of one file after the other. */
class Suspicion {
  #addsValue = false;

  isOf(part: SqlPart): boolean {
    const { kind, text } = part;
    if (kind !== 'sql') return true;
    if (!this.#addsValue && !SUSPECT.test(text)) return false;
    const commits = definesCommittingProcedure(text);
    const reader = new SqlReader(text, part.state);
    let start = -1;
    while (reader.next()) {
      const { kind } = reader;
      if (kind === 'space' || kind === 'comment') continue;
      if (kind === 'meta' || kind === 'copyData' || kind === 'junk') return true;
      if (kind !== 'semicolon') {
        // A new enum value only matters to statements that follow.
        if (this.#addsValue) return true;
        if (start < 0) start = reader.start;
        continue;
      }
      if (start >= 0 && isSpecial(reader.words, text.slice(start, reader.start), commits))
        return true;
      this.#addsValue = isEnumChange(reader.words);
      start = -1;
    }
    if (reader.switchesEscapes || reader.readsStdin) return true;
    return start >= 0 && isSpecial(reader.words, text.slice(start), commits);
  }
}

/** Whether a statement may be one that the parser has to look at. */
export function isCandidate(words: readonly string[], text: string): boolean {
  return isSpecial(words, text, true) || isEnumChange(words);
}

/**
 * CALL runs in the transaction like anything else, unless the file itself defines a
 * procedure that commits. A procedure from elsewhere that commits fails cleanly with
 * SQLSTATE 2D000; to suspect every CALL would cost all others their atomicity.
 */
function definesCommittingProcedure(text: string): boolean {
  return /\bprocedure\b/i.test(text) && COMMITS.test(text);
}

/** Whether a statement may define such a procedure. */
export function definesCommitting(words: readonly string[], text: string): boolean {
  return words[0] === 'create' && isProcedure(words) && COMMITS.test(text);
}

const COMMITS = /\b(commit|rollback)\b/i;
const CONCURRENTLY = /\bconcurrently\b/i;
const SEPARATE = new Set(['database', 'tablespace', 'subscription', 'system']);

function isSpecial(words: readonly string[], text: string, procedures: boolean): boolean {
  const [first, second] = words;
  switch (first) {
    case 'begin':
    case 'start':
    case 'commit':
    case 'end':
    case 'abort':
    case 'rollback':
    case 'vacuum':
      return true;
    case 'prepare':
      return second === 'transaction';
    case 'cluster':
      return true;
    case 'discard':
      return second === 'all';
    case 'reindex':
      return CONCURRENTLY.test(text) || /\b(schema|database|system)\b/i.test(text);
    case 'create':
      if (procedures && definesCommitting(words, text)) return true;
      return SEPARATE.has(second ?? '') || (hasIndex(words) && CONCURRENTLY.test(text));
    case 'drop':
    case 'alter':
      return SEPARATE.has(second ?? '') || CONCURRENTLY.test(text);
    case 'call':
      return procedures;
    case 'do':
      return COMMITS.test(text);
    default:
      return false;
  }
}

export function isEnumChange(words: readonly string[]): boolean {
  return words[0] === 'alter' && words[1] === 'type' && words.includes('add');
}

function hasIndex(words: readonly string[]): boolean {
  return words[1] === 'index' || (words[1] === 'unique' && words[2] === 'index');
}

function isProcedure(words: readonly string[]): boolean {
  return words[1] === 'procedure' || (words[1] === 'or' && words[3] === 'procedure');
}
