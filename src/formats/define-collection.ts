import type { CollectionDefinition } from '../ports/definition.ts';

/** Shared by all copies of godwit in a process, hence registered. */
const BRAND = Symbol.for('godwit.collection');

/**
 * Defines what a collection, or a view, should look like now. A file in `collections/`
 * exports one, or several; `godwit sync` brings the database in line with them.
 *
 * @param collection its name and what matters of it: what is absent is left as it is, but
 *   for indexes, which are exactly the listed ones (besides `_id` and those in `ignore`)
 * @returns the same, marked as godwit's; it is checked when it is used
 *   (GODWIT_DEFINITION_INVALID)
 * @example
 * ```ts
 * export default defineCollection({
 *   name: 'users',
 *   indexes: [{ key: { email: 1 }, unique: true }],
 *   validator: { $jsonSchema: { required: ['email'] } },
 *   ignore: ['analytics_*'],
 * });
 * ```
 */
export function defineCollection(collection: CollectionDefinition): CollectionDefinition {
  const target = Object.isExtensible(collection) ? collection : Object.create(collection);
  return Object.defineProperty(target, BRAND, { value: true });
}

/** True for what `defineCollection` of any copy of godwit made. */
export function isCollectionDefinition(value: unknown): value is CollectionDefinition {
  return typeof value === 'object' && value !== null && BRAND in value && value[BRAND] === true;
}
