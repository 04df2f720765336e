/** Commander knows it by its code, and is not loaded for it. */
class InvalidArgumentError extends Error {
  readonly code = 'commander.invalidArgument';
}

/** A number from 0. */
export function parseRate(text: string): number {
  const rate = Number(text);
  if (text.trim() === '' || !Number.isFinite(rate) || rate < 0) {
    throw new InvalidArgumentError('Give a number from 0.');
  }
  return rate;
}

/** `0` to `0.9`. */
export function parsePart(text: string): number {
  const part = Number(text);
  if (text.trim() === '' || !(part >= 0 && part <= 0.9)) {
    throw new InvalidArgumentError('Give a number from 0 to 0.9.');
  }
  return part;
}
