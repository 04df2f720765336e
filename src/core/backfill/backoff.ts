const FIRST_MS = 50;
const LONGEST_MS = 5_000;

/**
 * @param attempt from 1
 * @param random 0 to 1, so that many workers do not come back at once
 * @returns ms to wait before the next attempt
 */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20));
  return Math.round(full * (0.5 + random / 2));
}
