import type { PublicIdEntry } from './registry.ts';

/** Cuid2 of any length it allows, and the legacy cuid (`c` and 20 to 31 more). */
const BODY = '[a-z][0-9a-z]{1,31}';
const LEGACY = /^c[0-9a-z]{24}$/;
const FORM = new RegExp(`^${BODY}$`);

/** The form of a table's public ids, for JavaScript, PostgreSQL and MongoDB alike. */
export function patternOf({ prefix }: Pick<PublicIdEntry, 'prefix'>): string {
  return `^${prefix}_${BODY}$`;
}

/** Which library drew it, as far as its form tells: a legacy cuid has 25 characters and begins with `c`. */
export function kindOf(body: string): 'cuid2' | 'cuid' {
  return LEGACY.test(body) ? 'cuid' : 'cuid2';
}

/**
 * What is wrong with a value, in a sentence that does not quote all of it.
 *
 * @param entry the table it should be of; absent: any of `entries`
 */
export function problemOf(
  value: unknown,
  entries: readonly PublicIdEntry[],
  entry?: PublicIdEntry | undefined,
): string | undefined {
  if (typeof value !== 'string') return `A public id is a text, not ${describe(value)}.`;
  if (value === '') return 'It is empty.';
  const at = value.indexOf('_');
  if (at < 0) {
    const like = entry ?? entries[0];
    return `${quote(value)} has no prefix${like ? `: it should begin with ${like.prefix}_` : ''}.`;
  }
  const prefix = value.slice(0, at);
  const owner = entries.find((one) => one.prefix === prefix);
  if (entry !== undefined && prefix !== entry.prefix) {
    const whose = owner ? ` ${prefix}_ is the prefix of ${owner.name}.` : '';
    return `${quote(value)} does not begin with ${entry.prefix}_, as an id of ${entry.name} does.${whose}`;
  }
  if (owner === undefined) return `No table has the prefix ${quote(`${prefix}_`)}.`;
  return bodyProblem(value.slice(at + 1), prefix);
}

function bodyProblem(body: string, prefix: string): string | undefined {
  if (FORM.test(body)) return undefined;
  if (body === '') return `Nothing follows ${prefix}_.`;
  if (body.length < 2) return `Only one character follows ${prefix}_: there must be 2 to 32.`;
  if (body.length > 32)
    return `${body.length} characters follow ${prefix}_: there must be 2 to 32.`;
  if (/^[0-9]/.test(body))
    return `A letter must follow ${prefix}_, not ${quote(body.slice(0, 1))}.`;
  const wrong = /[^0-9a-z]/u.exec(body);
  return `After ${prefix}_ only small letters and digits may stand, not ${quote(wrong?.[0] ?? '')}.`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 48 ? `${text.slice(0, 45)}…` : text);
}

function describe(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
