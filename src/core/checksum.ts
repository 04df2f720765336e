import { createHash, type Hash, hash } from 'node:crypto';
import type { SqlPart, SqlParts } from '../ports/sql-part.ts';
import { scriptTokens } from './text/script-tokens.ts';
import { wholePart } from './text/sql-cut.ts';
import { sqlTokens } from './text/sql-tokens.ts';

/**
 * SHA-256 of a file as it is.
 *
 * @returns 64 hexadecimal digits
 * @example
 * rawChecksum(readFileSync('001_users.sql'));
 */
export function rawChecksum(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}

/**
 * A hash that formatting does not change: comments, indentation, line ends, blank lines
 * and a byte order mark are left out of it, literals never. Comments that begin with
 * `godwit:` count, because they change what godwit does. Should this function ever see
 * a token differently, `v1` must become `v2`: records of the old one stay in histories.
 *
 * @param text the file, decoded
 * @param language `script` for JavaScript and TypeScript
 * @returns `v1:` and 64 hexadecimal digits
 * @example
 * normalizedChecksum('select 1; -- one', 'sql') === normalizedChecksum('select  1', 'sql'); // true
 */
export function normalizedChecksum(text: string, language: 'sql' | 'script'): string {
  if (language === 'sql') {
    return digestOf((take) => sqlTokens([wholePart(unixLines(text))], take, () => 0));
  }
  return digestOf((take) => scriptTokens(text, take));
}

/**
 * The same of SQL in parts, of which the text need not be held.
 *
 * @param parts the whole file, from its beginning at each call
 */
export function normalizedSqlChecksum(parts: SqlParts): string {
  let lengths: number[] | undefined;
  const lengthOf = (copy: number): number => {
    lengths ??= dataLengths(unixParts(parts()));
    return lengths[copy] ?? 0;
  };
  return digestOf((take) => sqlTokens(unixParts(parts()), take, lengthOf));
}

function digestOf(write: (take: (part: string) => void) => void): string {
  let digest: Hash | undefined;
  let gathered = '';
  write((part) => {
    // Of most files there is one part: a digest of its own would cost as much as the rest.
    if (gathered !== '') {
      digest ??= createHash('sha256');
      digest.update(gathered);
    }
    gathered = part;
  });
  return `v1:${digest ? digest.update(gathered).digest('hex') : hash('sha256', gathered, 'hex')}`;
}

/** A token's length stands before it, and the data of a COPY may be most of a file. */
function dataLengths(parts: Iterable<SqlPart>): number[] {
  const lengths: number[] = [];
  for (const { kind, text } of parts) {
    if (kind === 'copy') lengths.push(0);
    if (kind === 'data') lengths.push((lengths.pop() ?? 0) + text.length);
  }
  return lengths;
}

function* unixParts(parts: Iterable<SqlPart>): Generator<SqlPart, void> {
  for (const part of parts) {
    const text = unixLines(part.text);
    yield text === part.text ? part : { ...part, text };
  }
}

/**
 * A checkout on another system turns the line ends inside a function's dollar quotes too;
 * nobody edited the file. (In script literals the language itself says so.)
 */
function unixLines(text: string): string {
  return text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
}
