import { randomBytes } from 'node:crypto';

const PREFIX = 'godwit_scratch_';
const NAME = /^godwit_scratch_([0-9a-z]+)_[0-9a-f]{12}$/;

/** A name for a database of its own that says since when it is there. */
export function scratchName(now = Date.now()): string {
  return `${PREFIX}${Math.floor(now / 1000).toString(36)}_${randomBytes(6).toString('hex')}`;
}

/**
 * Since when a scratch database is there: one that is old was left behind by a process that
 * was killed.
 *
 * @returns ms; undefined for any other database
 * @example
 * scratchAge('shop'); // undefined
 */
export function scratchAge(name: string, now = Date.now()): number | undefined {
  const [, seconds] = NAME.exec(name) ?? [];
  return seconds === undefined ? undefined : now - Number.parseInt(seconds, 36) * 1000;
}
