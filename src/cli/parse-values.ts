import { parseSpan } from '../config/span.ts';

/** Commander knows it by its code, and is not loaded for it. */
class InvalidArgumentError extends Error {
  readonly code = 'commander.invalidArgument';
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `60s`, `2m`, `1.5h` or `0`, as milliseconds. */
export function parseDuration(text: string): number {
  if (/^0+$/.test(text)) return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  if (!match)
    throw new InvalidArgumentError('Give a number and a unit, such as 500ms, 60s or 2m; or 0.');
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1));
}

/** As `parseDuration`, and days and weeks: `7d`, `2w`. */
export function parseLongDuration(text: string): number {
  const span = parseSpan(text);
  if (span !== undefined) return span;
  throw new InvalidArgumentError('Give a number and a unit, such as 12h, 7d or 2w; or 0.');
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('Give a whole number from 1.');
  }
  return count;
}

/** For options that may be repeated. */
export function collect(value: string, previous: unknown): string[] {
  return [...(Array.isArray(previous) ? previous : []), value];
}

/** `--var name=value`, repeatable. */
export function collectVariables(value: string, previous: unknown): Record<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.');
  return { ...(previous as Record<string, string>), [value.slice(0, at)]: value.slice(at + 1) };
}
