import { didYouMean } from './suggest.ts';

/** Says what is wrong with a value, or nothing. */
export type Check = (value: unknown, path: string) => string[];

export const text: Check = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : [`${path} must be a text, not ${shown(value)}`];
export const flag: Check = (value, path) =>
  typeof value === 'boolean' ? [] : [`${path} must be true or false, not ${shown(value)}`];
export const anything: Check = () => [];
export const call: Check = (value, path) =>
  typeof value === 'function' ? [] : [`${path} must be a function, not ${shown(value)}`];
export const milliseconds: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? []
    : [`${path} must be a number of milliseconds from 0, not ${shown(value)}`];
export const bytes: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1_000
    ? []
    : [`${path} must be a whole number of bytes from 1000, not ${shown(value)}`];
export const count: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [`${path} must be a whole number from 0, not ${shown(value)}`];
export const atLeastOne: Check = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1
    ? []
    : [`${path} must be a whole number from 1, not ${shown(value)}`];
export const positive: Check = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0
    ? []
    : [`${path} must be a number above 0, not ${shown(value)}`];

export function oneOf(...allowed: readonly string[]): Check {
  return (value, path) => {
    if (typeof value === 'string' && allowed.includes(value)) return [];
    const hint = typeof value === 'string' ? didYouMean(value, allowed) : '';
    const list = allowed.map((word) => `"${word}"`).join(', ');
    return [`${path} must be one of ${list}, not ${shown(value)}.${hint}`.replace(/\.$/, '')];
  };
}

export function either(first: Check, second: (value: unknown) => boolean, also: string): Check {
  return (value, path) =>
    second(value)
      ? []
      : first(value, path).map((problem) => problem.replace(/, not /, ` or ${also}, not `));
}

export const texts: Check = (value, path) =>
  Array.isArray(value)
    ? value.flatMap((item, index) => text(item, `${path}[${index}]`))
    : [`${path} must be a list of texts, not ${shown(value)}`];
export const textOrTexts: Check = (value, path) =>
  Array.isArray(value)
    ? value.length === 0
      ? [`${path} must not be an empty list`]
      : texts(value, path)
    : either(text, () => false, 'a list of texts')(value, path);
export const list: Check = (value, path) =>
  Array.isArray(value) ? [] : [`${path} must be a list, not ${shown(value)}`];
export const record: Check = (value, path) =>
  isRecord(value)
    ? Object.entries(value).flatMap(([key, item]) =>
        typeof item === 'string' ? [] : [`${path}.${key} must be a text, not ${shown(item)}`],
      )
    : [`${path} must be an object of texts, not ${shown(value)}`];

export function shape(
  checks: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Check {
  return (value, path) => {
    if (!isRecord(value)) return [`${path} must be an object, not ${shown(value)}`];
    const missing = required
      .filter((key) => value[key] === undefined)
      .map((key) => `${path}.${key} is missing`);
    return [...checkKeys(value, checks, path), ...missing];
  };
}

/**
 * Everything that is wrong with an object's keys; undefined values count as absent.
 *
 * @param path written before each key, empty at the top
 */
export function checkKeys(
  value: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
  path = '',
): string[] {
  const problems: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    const full = path === '' ? key : `${path}.${key}`;
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      const hint = didYouMean(key, Object.keys(checks));
      problems.push(
        hint === '' ? `${full} is not a known key` : `${full} is not a known key.${hint}`,
      );
    } else if (item !== undefined) problems.push(...check(item, full));
  }
  return problems;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for people, never long: it may hold a secret, so texts are shown only when short. */
export function shown(value: unknown): string {
  if (value === '') return 'an empty text';
  if (typeof value === 'string')
    return value.length <= 24 && !value.includes(':') ? `"${value}"` : 'this text';
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
