import type { IndexDefinition, Plain } from '../../ports/definition.ts';
import { canonical, same } from './canonical.ts';
import { isSimple, sameCollation } from './collation.ts';

/** Options by which the server tells two indexes with the same keys apart. */
const TELLING = ['unique', 'sparse'] as const;
/** Others that only a new index changes. They count where they are given. */
const FIXED = ['default_language', 'language_override', 'wildcardProjection', 'bits', 'min', 'max'];
const FIXED_DEFAULTS: Plain = { default_language: 'english', language_override: 'language' };

/** The keys, in order; of a text index its fields, whose order says nothing. */
export function keyOf(index: IndexDefinition): readonly (readonly [string, unknown])[] {
  const entries = Object.entries(index.key).map(([field, kind]) => [field, number(kind)] as const);
  if (!isText(index)) return entries;
  const fields = entries.filter(([, kind]) => kind === 'text').map(([field]) => field);
  const own = fields.filter((field) => field !== '_fts');
  const named = [...new Set([...own, ...Object.keys(index.weights ?? {})])].sort();
  const at = entries.findIndex(([field, kind]) => kind === 'text' || field === '_fts');
  const before = entries.slice(0, at).filter(([, kind]) => kind !== 'text');
  const after = entries.slice(at).filter(([field, kind]) => kind !== 'text' && field !== '_ftsx');
  const texts = named.map((field) => [field, `text ${index.weights?.[field] ?? 1}`] as const);
  return [...before, ...texts, ...after];
}

function number(kind: unknown): unknown {
  return typeof kind === 'object' && kind !== null ? Number(kind) : kind;
}

export function isText(index: IndexDefinition): boolean {
  return Object.values(index.key).includes('text');
}

export function sameKey(one: IndexDefinition, other: IndexDefinition): boolean {
  // An object's order does not count in `canonical`, a list's does.
  return canonical(keyOf(one)) === canonical(keyOf(other));
}

/** The collation an index has when it names none: its collection's, where it can have one. */
export function collationOf(
  index: IndexDefinition,
  ofCollection: Plain | undefined,
): Plain | undefined {
  if (index.collation !== undefined) return index.collation;
  return canCollate(index) ? ofCollection : undefined;
}

export function canCollate(index: IndexDefinition): boolean {
  return !Object.values(index.key).some((kind) => kind === 'text' || kind === '2d');
}

/**
 * Options that differ in a way that takes another index, by name.
 *
 * @param inherited what `wanted` gets when it names no collation
 */
export function differingOptions(
  wanted: IndexDefinition,
  actual: IndexDefinition,
  inherited: Plain | undefined,
): string[] {
  const differing: string[] = TELLING.filter(
    (option) => Boolean(wanted[option]) !== Boolean(actual[option]),
  );
  if (!same(wanted.partialFilterExpression, actual.partialFilterExpression)) {
    differing.push('partialFilterExpression');
  }
  if (!isText(wanted) && !sameCollation(collationOf(wanted, inherited), actual.collation)) {
    differing.push('collation');
  }
  if (actual.expireAfterSeconds !== undefined && wanted.expireAfterSeconds === undefined) {
    differing.push('expireAfterSeconds');
  }
  const options = wanted as unknown as Plain;
  const present = actual as unknown as Plain;
  for (const option of FIXED) {
    const value = options[option] ?? FIXED_DEFAULTS[option];
    if (value === undefined || !(option in present)) continue;
    if (!same(value, present[option])) differing.push(option);
  }
  return differing;
}

/** As MongoDB makes it: `email_1`, `title_text`. */
export function defaultName(index: IndexDefinition): string {
  return Object.entries(index.key)
    .map(([field, kind]) => `${field}_${kind}`)
    .join('_');
}

const OPTIONS = [
  ...['unique', 'sparse', 'expireAfterSeconds', 'partialFilterExpression', 'collation', 'hidden'],
  ...['weights', ...FIXED],
];

/** What `createIndexes` is sent: only what is said, and a text index without a language. */
export function indexCommand(
  index: IndexDefinition,
  ofCollection: Plain | undefined,
): IndexDefinition & { readonly name: string } {
  const command: Record<string, unknown> = {
    key: index.key,
    name: index.name ?? defaultName(index),
  };
  for (const option of OPTIONS) {
    const value = (index as unknown as Plain)[option];
    if (value !== undefined && value !== false) command[option] = value;
  }
  // The collection's own would be refused.
  if (!canCollate(index) && !isSimple(ofCollection)) command['collation'] = { locale: 'simple' };
  return command as unknown as IndexDefinition & { readonly name: string };
}
