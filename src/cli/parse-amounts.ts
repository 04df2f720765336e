/** Commander knows it by its code, and is not loaded for it. */
class InvalidArgumentError extends Error {
  readonly code = 'commander.invalidArgument';
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** `500MB`, `20GB`, or a number of bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?b)?$/i.exec(text.trim());
  const bytes = Number(match?.[1]) * (UNITS[(match?.[2] ?? '').toLowerCase()] ?? 1);
  if (!match || !(bytes > 0)) throw new InvalidArgumentError('Give a size, such as 500MB or 20GB.');
  return Math.round(bytes);
}

export function parseDays(text: string): number {
  const days = Number(text);
  if (text.trim() === '' || !Number.isFinite(days) || days <= 0) {
    throw new InvalidArgumentError('Give a number of days above 0.');
  }
  return days;
}
