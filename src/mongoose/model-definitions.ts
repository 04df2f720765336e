import type { FoundDefinition, IndexDefinition, Plain } from '../ports/definition.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { LoadedModel } from './load-models.ts';
import type { MongooseModel, MongooseSchema } from './types.ts';

/** Options of `createCollection` that a schema may carry in its own words or `collectionOptions`. */
export interface DefinitionOptions {
  /** Make the schema a validator. */
  readonly validators: boolean;
}

/**
 * What models want of the database, one definition per collection: a base model and its
 * discriminators share one.
 */
export function modelDefinitions(
  models: readonly LoadedModel[],
  { validators }: DefinitionOptions,
): FoundDefinition[] {
  // Base models first: their options are the collection's.
  const ordered = [...models].sort((a, b) => Number(isChild(a.model)) - Number(isChild(b.model)));
  const found = ordered.map(({ model, from }): FoundDefinition => {
    const name = collectionNameOf(model);
    const options = isChild(model) ? {} : collectionOptions(model.schema);
    const base = ordered.find((other) => other.model.modelName === model.baseModelName);
    const indexes = indexesOf(model.schema, base?.model.schema);
    const definition = {
      name,
      indexes,
      ...(Object.keys(options).length > 0 && { options }),
    };
    return { definition, from };
  });
  return validators ? withValidators(found, ordered) : found;
}

export function collectionNameOf({ collection }: MongooseModel): string {
  return collection.collectionName ?? collection.name;
}

export function isChild({ schema, baseModelName }: MongooseModel): boolean {
  const root = schema.discriminatorMapping?.value ?? undefined;
  return (baseModelName ?? root) !== undefined;
}

function withValidators(
  found: readonly FoundDefinition[],
  models: readonly LoadedModel[],
): FoundDefinition[] {
  return found.map((one, at) => {
    const model = models[at]?.model;
    if (!model || isChild(model)) return one;
    // With discriminators or a second model, documents have other fields too.
    const name = collectionNameOf(model);
    const alone = models.filter((other) => collectionNameOf(other.model) === name).length === 1;
    if (!alone) return one;
    const validator = { $jsonSchema: jsonSchemaOf(model.schema) };
    return { ...one, definition: { ...one.definition, validator } };
  });
}

/** As `Model.createCollection` puts them together. */
function collectionOptions({ options }: MongooseSchema): Plain {
  const { capped, collation, timeseries, clusteredIndex, collectionOptions: more } = options;
  const made: Record<string, unknown> = { ...(more as Plain | undefined) };
  if (collation) made['collation'] ??= collation;
  if (typeof capped === 'number') Object.assign(made, { capped: true, size: capped });
  else if (typeof capped === 'object' && capped) Object.assign(made, { capped: true }, capped);
  else if (capped === true) Object.assign(made, { capped: true, size: DEFAULT_CAP });
  if (timeseries) {
    made['timeseries'] = timeseries;
    const seconds = secondsOf(options['expireAfterSeconds'] ?? options['expires']);
    if (seconds !== undefined) made['expireAfterSeconds'] ??= seconds;
  }
  if (clusteredIndex) made['clusteredIndex'] = { ...(clusteredIndex as Plain), unique: true };
  return made;
}

/** What mongoose takes for `capped: true`, in bytes. */
const DEFAULT_CAP = 10 * 1024 * 1024;

/** Only what is godwit's to compare: the rest is mongoose's own. */
const INDEX_OPTIONS = [
  ...['name', 'unique', 'sparse', 'expireAfterSeconds', 'partialFilterExpression', 'collation'],
  ...['hidden', 'weights', 'default_language', 'language_override', 'wildcardProjection'],
  ...['bits', 'min', 'max'],
];

/** @param base of a discriminator, which repeats what its base has */
function indexesOf(schema: MongooseSchema, base: MongooseSchema | undefined): IndexDefinition[] {
  const inherited = new Set(base?.indexes().map(([key]) => JSON.stringify(key)));
  const own = schema.indexes().filter(([key]) => !inherited.has(JSON.stringify(key)));
  return own.map(([key, given]) => indexOf(key, given, schema));
}

function indexOf(key: Plain, given: Plain, schema: MongooseSchema): IndexDefinition {
  const { discriminatorMapping, options: schemaOptions } = schema;
  const options: Record<string, unknown> = {};
  for (const option of INDEX_OPTIONS) {
    if (given[option] !== undefined) options[option] = given[option];
  }
  // A discriminator's index is about its own documents only.
  const { key: field, value } = discriminatorMapping ?? {};
  if (field && value && !('sparse' in given)) {
    const partial = options['partialFilterExpression'] as Plain | undefined;
    options['partialFilterExpression'] = { ...partial, [field]: value };
  }
  const seconds = secondsOf(given['expireAfterSeconds'] ?? given['expires']);
  if (seconds !== undefined) options['expireAfterSeconds'] = seconds;
  const isText = Object.values(key).includes('text');
  if (schemaOptions['collation'] && !('collation' in given) && !isText) {
    options['collation'] = schemaOptions['collation'];
  }
  return { key: key as IndexDefinition['key'], ...options };
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_557_600,
};

/** A number of seconds, or a text such as `24h` or `7 days` where mongoose left one. */
function secondsOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z])?/i.exec(value.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (UNITS[(match[2] ?? 's').toLowerCase()] ?? 1));
}
