/** Whether this is `npm run soak`. */
export const SOAK: boolean = Boolean(process.env['GODWIT_SOAK']);

/**
 * How often a test repeats its rounds: few in `npm test`, many in `npm run soak`.
 *
 * @example
 * for (let round = 0; round < rounds(5, 100); round++) await killAtRandom();
 */
export function rounds(normal: number, soak: number): number {
  return SOAK ? soak : normal;
}

/**
 * Which combinations a test tries: in `npm test` those that differ most, all in the soak.
 *
 * @example
 * describe.each(among(['mongodb', 'postgres'], ([first]) => [first]))('on %s', …);
 */
export function among<T>(all: readonly T[], few: (all: readonly T[]) => readonly T[]): T[] {
  return [...(process.env['GODWIT_SOAK'] ? all : few(all))];
}
