import { createHash } from 'node:crypto';

/** What mongodump lets stand in a file's name; the rest of a collection's is escaped. */
const PLAIN = /^[A-Za-z0-9\-_.~$&+=:@]$/;
const LONGEST = 238;
const KEPT = 208;

/**
 * A collection's file name without its ending, as mongodump makes it: percent-escaped, and
 * where that is too long for a file system cut, with a hash behind `%24`.
 */
export function fileNameOf(collection: string): string {
  let escaped = '';
  for (const byte of Buffer.from(collection)) {
    const character = String.fromCharCode(byte);
    escaped += PLAIN.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (escaped.length <= LONGEST) return escaped;
  const hash = createHash('sha1').update(collection).digest('base64url');
  return `${escaped.slice(0, KEPT)}%24${hash}`;
}

/** Where a time series' documents lie, for the server and for mongodump. */
export function bucketsOf(series: string): string {
  return `system.buckets.${series}`;
}
