import type { PlainRow, Sample } from '../../ports/rows.ts';
import { keyedBytes, permuteInteger, permuteText } from './permute.ts';

export interface AnonymiseOptions {
  /** The same seed gives the same data. */
  readonly seed: string;
  /** Texts that stay, because the schema or a migration names them: they are no secret. */
  readonly keep: ReadonlySet<string>;
}

/** Fields that point to other rows, where nothing else says so. */
const POINTS = /(^|_)ids?$|[a-z]Ids?$/;
const DATE = /^(\d{4,6})-(\d\d)-(\d\d)(?=$|[T ]\d\d:\d\d)/;
/** `usr_` of `usr_h2k4…`: what kind of id it is. */
const PREFIX = /^[a-z]{2,8}_(?=[a-z0-9]{8,}$)/i;

/**
 * Replaces what rows say of people. Texts keep their length and character classes (an
 * address of e-mail stays one), numbers become up to a tenth smaller, dates all move by the
 * same number of days; ids become others, the same wherever they stand. Booleans, null and
 * what the options keep stay.
 *
 * @example
 * const safe = anonymise(samples, { seed: '1', keep: new Set(['active']) });
 */
export function anonymise(
  samples: readonly Sample[],
  { seed, keep }: AnonymiseOptions,
): readonly Sample[] {
  const days = 1 + (keyedBytes(seed, 'days', 2).readUInt16BE() % 364);
  const scrub: Scrub = { seed, keep, days };
  return samples.map((sample) => ({
    ...sample,
    rows: sample.rows.map((row) => scrubRow(scrub, row, sample.identity)),
  }));
}

interface Scrub {
  readonly seed: string;
  readonly keep: ReadonlySet<string>;
  readonly days: number;
}

function scrubRow(scrub: Scrub, row: PlainRow, identity: readonly string[]): PlainRow {
  return scrubObject(scrub, row, '', new Set(identity), false);
}

function scrubObject(
  scrub: Scrub,
  value: object,
  path: string,
  identity: ReadonlySet<string>,
  inside: boolean,
): PlainRow {
  const entries = Object.entries(value).map(([name, inner]) => {
    const full = path === '' ? name : `${path}.${name}`;
    const points = inside || identity.has(full) || POINTS.test(name);
    return [name, scrubValue(scrub, inner, full, identity, points)];
  });
  return Object.fromEntries(entries);
}

function scrubValue(
  scrub: Scrub,
  value: unknown,
  path: string,
  identity: ReadonlySet<string>,
  id: boolean,
): unknown {
  if (typeof value === 'string') return scrubText(scrub, value);
  if (typeof value === 'number') return Number(scrubNumber(scrub, String(value), id));
  if (Array.isArray(value)) {
    return value.map((item) => scrubValue(scrub, item, path, identity, id));
  }
  if (typeof value !== 'object' || value === null) return value;
  const [tag = '', ...more] = Object.keys(value);
  if (more.length === 0 && tag.startsWith('$')) {
    return { [tag]: scrubTagged(scrub, tag, (value as PlainRow)[tag], id) };
  }
  return scrubObject(scrub, value, path, identity, id);
}

function scrubTagged(scrub: Scrub, tag: string, value: unknown, id: boolean): unknown {
  if (typeof value === 'string') {
    if (tag === '$oid' || tag === '$uuid' || tag === '$bytes') return hex(scrub, value, tag);
    if (tag === '$date') return shiftText(scrub, value);
    if (tag === '$inet') return `192.0.2.${keyedBytes(scrub.seed, value, 1)[0] ?? 0}`;
    if (tag === '$symbol' || tag === '$code') return scrubText(scrub, value);
    if (tag.startsWith('$number')) return scrubNumber(scrub, value, id);
  }
  if (tag === '$date') {
    const { $numberLong = '0' } = value as { readonly $numberLong?: string };
    return { $numberLong: String(BigInt($numberLong) - BigInt(scrub.days) * 86_400_000n) };
  }
  if (tag === '$binary') {
    const { base64, subType } = value as { readonly base64: string; readonly subType: string };
    const { length } = Buffer.from(base64, 'base64');
    return { base64: keyedBytes(scrub.seed, base64, length).toString('base64'), subType };
  }
  return value;
}

function scrubText(scrub: Scrub, text: string): string {
  if (text === '' || scrub.keep.has(text)) return text;
  if (DATE.test(text)) return shiftText(scrub, text);
  const prefix = PREFIX.exec(text)?.[0] ?? '';
  return prefix + permuteText(scrub.seed, text.slice(prefix.length));
}

/** Smaller, never larger: the column that holds it has room. */
function scrubNumber(scrub: Scrub, text: string, id: boolean): string {
  if (/^-?\d+$/.test(text) && id) return permuteInteger(scrub.seed, text);
  const [, decimals] = /^-?\d+(?:\.(\d+))?$/.exec(text) ?? [];
  const value = Number(text);
  if (!Number.isFinite(value) || value === 0 || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    return text;
  }
  const noise = keyedBytes(scrub.seed, text, 4).readUInt32BE() / 0xffff_ffff;
  const smaller = value * (1 - noise / 10);
  if (decimals !== undefined) return smaller.toFixed(Math.min(decimals.length, 100));
  return /^-?\d+$/.test(text) ? String(Math.round(smaller)) : String(smaller);
}

function shiftText({ days }: Scrub, text: string): string {
  return text.replace(DATE, (_all, year: string, month: string, day: string) => {
    const at = new Date(0);
    at.setUTCFullYear(Number(year), Number(month) - 1, Number(day) - days);
    const digits = (value: number, length: number) => String(value).padStart(length, '0');
    return `${digits(at.getUTCFullYear(), 4)}-${digits(at.getUTCMonth() + 1, 2)}-${digits(at.getUTCDate(), 2)}`;
  });
}

/** A UUID keeps its version and variant. */
function hex({ seed }: Scrub, value: string, tag: string): string {
  const digits = value.replace(/[^0-9a-f]/gi, '');
  const made = keyedBytes(seed, digits.toLowerCase(), Math.ceil(digits.length / 2)).toString('hex');
  let at = 0;
  return value.replace(/[0-9a-f]/gi, (old, offset: number) => {
    const next = made[at++] ?? '0';
    return tag === '$uuid' && (offset === 14 || offset === 19) ? old : next;
  });
}

const LITERAL = /'([^'\n]{1,64})'|"([^"\n]{1,64})"|`([^`\n]{1,64})`/g;

/** Texts between quotes in a schema or a migration. */
export function literalsOf(sources: Iterable<string>): Set<string> {
  const found = new Set<string>();
  for (const source of sources) {
    for (const [, one, two, three] of source.matchAll(LITERAL)) {
      found.add(one ?? two ?? three ?? '');
    }
  }
  return found;
}
