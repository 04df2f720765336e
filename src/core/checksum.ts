import { createHash, type Hash, hash } from 'node:crypto';
import { scriptTokens } from './text/script-tokens.ts';
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
  let digest: Hash | undefined;
  let gathered = '';
  const take = (part: string): void => {
    // Of most files there is one part: a digest of its own would cost as much as the rest.
    if (gathered !== '') {
      digest ??= createHash('sha256');
      digest.update(gathered);
    }
    gathered = part;
  };
  if (language === 'sql') sqlTokens(unixLines(text), take);
  else scriptTokens(text, take);
  return `v1:${digest ? digest.update(gathered).digest('hex') : hash('sha256', gathered, 'hex')}`;
}

/**
 * A checkout on another system turns the line ends inside a function's dollar quotes too;
 * nobody edited the file. (In script literals the language itself says so.)
 */
function unixLines(text: string): string {
  return text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
}
