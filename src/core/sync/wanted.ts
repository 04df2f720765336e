import { GodwitError } from '../../errors.ts';
import type {
  CollectionDefinition,
  FoundDefinition,
  IndexDefinition,
} from '../../ports/definition.ts';
import { canonical, same } from './canonical.ts';
import { defaultName, keyOf } from './index-shape.ts';

/** A collection's definitions put together: a model's indexes and a file's validator, say. */
export interface WantedCollection extends CollectionDefinition {
  readonly indexes: readonly IndexDefinition[];
  readonly from: readonly string[];
}

const KEYS = new Set([
  ...['name', 'indexes', 'validator', 'validationLevel', 'validationAction', 'options'],
  ...['view', 'ignore'],
]);
const KINDS = new Set(['text', 'hashed', '2d', '2dsphere']);

/**
 * Definitions by collection, each once, in the order they were found.
 *
 * @throws GodwitError GODWIT_DEFINITION_INVALID that lists all that is wrong
 */
export function mergeDefinitions(found: readonly FoundDefinition[]): WantedCollection[] {
  const problems = found.flatMap(problemsOf);
  const merged = new Map<string, WantedCollection>();
  if (problems.length === 0) {
    for (const { definition, from } of found) {
      const before = merged.get(definition.name);
      merged.set(
        definition.name,
        before ? merge(before, definition, from, problems) : first(definition, from),
      );
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return [...merged.values()];
}

function first(definition: CollectionDefinition, from: string): WantedCollection {
  return { ...definition, indexes: distinct(definition.indexes ?? []), from: [from] };
}

function merge(
  one: WantedCollection,
  other: CollectionDefinition,
  from: string,
  problems: string[],
): WantedCollection {
  const differ = (what: string): void => {
    problems.push(`${one.name}: ${one.from.join(', ')} and ${from} differ in ${what}`);
  };
  if ((one.view === undefined) !== (other.view === undefined) || !same(one.view, other.view)) {
    differ('what it is, a view or a collection');
  }
  if (
    one.validator !== undefined &&
    other.validator !== undefined &&
    !same(one.validator, other.validator)
  ) {
    differ('validator');
  }
  for (const [key, value] of Object.entries(other.options ?? {})) {
    if (one.options?.[key] !== undefined && !same(one.options[key], value)) differ(key);
  }
  return {
    ...one,
    ...Object.fromEntries(Object.entries(other).filter(([, value]) => value !== undefined)),
    options: { ...one.options, ...other.options },
    indexes: distinct([...one.indexes, ...(other.indexes ?? [])]),
    ignore: [...(one.ignore ?? []), ...(other.ignore ?? [])],
    from: one.from.includes(from) ? one.from : [...one.from, from],
  };
}

/** The same index wanted twice, by two models that share a collection, is one. */
function distinct(indexes: readonly IndexDefinition[]): IndexDefinition[] {
  const byText = new Map<string, IndexDefinition>();
  for (const index of indexes) {
    if (isIdIndex(index)) continue;
    const { key: _key, name, ...options } = index;
    const said = Object.entries(options).filter(
      ([, value]) => value !== undefined && value !== false,
    );
    const text = canonical([keyOf(index), Object.fromEntries(said), name ?? defaultName(index)]);
    if (!byText.has(text)) byText.set(text, index);
  }
  return [...byText.values()];
}

export function isIdIndex({ key }: IndexDefinition): boolean {
  const [only, ...more] = Object.entries(key);
  return more.length === 0 && only?.[0] === '_id' && only[1] !== 'hashed';
}

function problemsOf({ definition, from }: FoundDefinition): string[] {
  const { name, indexes, view, validator, options } = definition;
  const at = `${from}: `;
  if (typeof name !== 'string' || name === '') return [`${at}name must be a text`];
  const problems = Object.keys(definition)
    .filter((key) => !KEYS.has(key))
    .map((key) => `${at}${name}.${key} is not a known key`);
  if (name.startsWith('system.')) problems.push(`${at}${name} belongs to the server`);
  if (indexes !== undefined && !Array.isArray(indexes))
    problems.push(`${at}${name}.indexes must be a list`);
  else
    for (const [n, index] of (indexes ?? []).entries())
      problems.push(...ofIndex(index, `${at}${name}.indexes[${n}]`));
  if (view !== undefined) {
    if (typeof view?.viewOn !== 'string' || !Array.isArray(view.pipeline))
      problems.push(`${at}${name}.view needs viewOn and pipeline`);
    if ((indexes?.length ?? 0) > 0 || validator || options)
      problems.push(`${at}${name} is a view: it has no indexes, validator or options`);
  }
  if (validator !== undefined && validator !== null && typeof validator !== 'object')
    problems.push(`${at}${name}.validator must be an object or null`);
  return problems;
}

function ofIndex(index: IndexDefinition | undefined, at: string): string[] {
  const entries = Object.entries(index?.key ?? {});
  if (entries.length === 0) return [`${at}.key must name at least one field`];
  return entries
    .filter(([, kind]) => (typeof kind === 'string' ? !KINDS.has(kind) : !Number(kind)))
    .map(
      ([field, kind]) =>
        `${at}.key.${field} is ${JSON.stringify(kind)}: it must be 1, -1, ${[...KINDS].join(', ')}`,
    );
}

function invalid(problems: readonly string[]): GodwitError {
  const message =
    problems.length === 1
      ? `A definition is wrong: ${problems[0]}.`
      : `${problems.length} things are wrong with the definitions:\n${problems.map((one) => `  - ${one}`).join('\n')}`;
  return new GodwitError('GODWIT_DEFINITION_INVALID', message, {
    state: 'Nothing was changed.',
    next: ['correct them, then: godwit sync --check'],
  });
}
