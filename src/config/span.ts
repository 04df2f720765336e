const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A span of time: a number of ms, or a text such as `90s`, `12h`, `7d`, `2w`.
 *
 * @returns ms; undefined when it is none
 */
export function parseSpan(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  if (/^0+$/.test(value.trim())) return 0;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(value.trim());
  return match ? Math.round(Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1)) : undefined;
}
