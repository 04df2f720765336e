import { LiteralReader } from './literal-reader.ts';

export type LiteralValue = string | number | boolean;

/**
 * Reads literal properties of what a module exports, without running it: in
 * `export default {…}`, `module.exports = {…}`, also through a call such as
 * `defineMigration({…})` and through a constant that is exported further down;
 * `export const name = …`, `exports.name = …`; a class's fields and the `this.name = …`
 * of its constructor. Strings, numbers, booleans and templates without substitution
 * count; anything computed is left out. The first one found wins.
 *
 * @param source JavaScript or TypeScript
 * @param names which properties
 * @example
 * readLiteralProperties("export const description = 'Add users'", ['description']);
 * // { description: 'Add users' }
 */
export function readLiteralProperties(
  source: string,
  names: readonly string[],
): Record<string, LiteralValue> {
  const present = names.filter((name) => source.includes(name));
  if (present.length === 0) return {};
  return new LiteralReader(source, present).readAll();
}
