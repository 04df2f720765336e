import type { Plain } from '../../ports/definition.ts';

/** What the server fills in, where that is the same for every language. */
const DEFAULTS: Plain = { strength: 3, caseLevel: false, numericOrdering: false };

/** No collation and the simple one are the same thing. */
export function isSimple(collation: Plain | undefined): boolean {
  return collation === undefined || collation['locale'] === 'simple';
}

/**
 * Whether what the server reports, with all it filled in, is what was asked for.
 *
 * @param wanted as written: `{ locale: 'en', strength: 2 }`
 */
export function sameCollation(wanted: Plain | undefined, actual: Plain | undefined): boolean {
  if (isSimple(wanted) || isSimple(actual)) return isSimple(wanted) && isSimple(actual);
  const full: Plain = { ...DEFAULTS, ...wanted };
  return Object.entries(full).every(
    ([key, value]) => value === undefined || value === (actual?.[key] ?? DEFAULTS[key]),
  );
}
