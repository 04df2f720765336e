import { createHmac } from 'node:crypto';

const ROUNDS = 4;

/**
 * Maps texts to texts of the same length and character classes: no two ASCII texts to the
 * same one, and the same text always to the same with the same key. A Feistel network over
 * the positions, each half shifted by a keyed hash of the other.
 */
export function permuteText(key: string, text: string): string {
  const places = [...text].map(placeOf);
  const moving = places.filter((place) => place.radix > 0);
  const pattern = places.map(({ radix, base }) => (radix > 0 ? `${radix}` : base)).join('');
  const half = moving.length >> 1;
  const [left, right] = [moving.slice(0, half), moving.slice(half)];
  for (let round = 0; round < ROUNDS; round++) {
    const [from, to] = round % 2 === 0 ? [left, right] : [right, left];
    const seen = from.map(({ value }) => String.fromCharCode(97 + value)).join('');
    const noise = keyedBytes(key, `${round} ${pattern} ${seen}`, to.length);
    for (const [index, place] of to.entries()) {
      place.value = (place.value + (noise[index] ?? 0)) % place.radix;
    }
  }
  return places
    .map(({ radix, base, value }) =>
      radix === 0 ? base : String.fromCharCode(base.charCodeAt(0) + value),
    )
    .join('');
}

/** The same of a whole number in decimal: as long, and within the same integer type. */
export function permuteInteger(key: string, text: string): string {
  const [, sign = '', digits = ''] = /^(-?)(\d+)$/.exec(text) ?? [];
  if (digits === '' || digits === '0') return text;
  let next = digits;
  // Walking until it is of the same kind again keeps the mapping one to one.
  do next = permuteText(key, next);
  while (next.startsWith('0') || sizeOf(next) !== sizeOf(digits));
  return sign + next;
}

export function keyedBytes(key: string, text: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at * 32 < Math.max(length, 1); at++) {
    parts.push(createHmac('sha256', key).update(`${at} ${text}`).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}

interface Place {
  /** How many characters it may be; 0 for one that stays. */
  readonly radix: number;
  /** The first of them, or the one that stays. */
  readonly base: string;
  value: number;
}

function placeOf(character: string): Place {
  const code = character.codePointAt(0) ?? 0;
  if (/\d/.test(character)) return { radix: 10, base: '0', value: code - 48 };
  if (/[a-z]/.test(character)) return { radix: 26, base: 'a', value: code - 97 };
  if (/[A-Z]/.test(character)) return { radix: 26, base: 'A', value: code - 65 };
  if (/\p{Lu}/u.test(character)) return { radix: 26, base: 'A', value: code % 26 };
  if (/[\p{L}\p{N}]/u.test(character)) return { radix: 26, base: 'a', value: code % 26 };
  return { radix: 0, base: character, value: 0 };
}

function sizeOf(digits: string): number {
  const value = BigInt(digits);
  return [0x7fffn, 0x7fff_ffffn, 0x7fff_ffff_ffff_ffffn].findIndex((limit) => value <= limit);
}
