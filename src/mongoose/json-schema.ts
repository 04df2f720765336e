import type { Plain } from '../ports/definition.ts';
import { bsonType, elementOf, isRequired } from './fields.ts';
import type { MongoosePath, MongooseSchema } from './types.ts';

type Schema = Record<string, unknown>;

/**
 * A schema's rules that a server can check: types, required, enum, ranges, lengths,
 * patterns, lists, subdocuments. Fields it does not name stay allowed.
 */
export function jsonSchemaOf(schema: MongooseSchema, above: readonly MongooseSchema[] = []): Plain {
  const root: Schema = { bsonType: 'object' };
  if (above.includes(schema)) return root;
  for (const [name, path] of Object.entries(schema.paths)) {
    if (name === '_id' || name === schema.options['versionKey'] || name.includes('$*')) continue;
    place(root, name.split('.'), ruleOf(path, [...above, schema]), isRequired(path));
  }
  return sorted(root);
}

/** A field of a nested object is required where the object is there. */
function place(
  object: Schema,
  [first = '', ...rest]: readonly string[],
  rule: Schema,
  required: boolean,
): void {
  const properties = part(object, 'properties', {} as Record<string, Schema>);
  // Mongoose refuses a document without the nested field, so without its object too.
  if (required) {
    const names = part(object, 'required', [] as string[]);
    if (!names.includes(first)) names.push(first);
  }
  if (rest.length === 0) properties[first] = rule;
  else place(part(properties, first, { bsonType: 'object' }), rest, rule, required);
}

/** A part of a rule, which is made when it is missing. */
function part<T>(of: Record<string, unknown>, name: string, standard: T): T {
  of[name] ??= standard;
  return of[name] as T;
}

function ruleOf(path: MongoosePath, above: readonly MongooseSchema[]): Schema {
  const required = isRequired(path);
  if (path.instance === 'DocumentArray' || path.instance === 'Array') {
    const items = path.schema ? jsonSchemaOf(path.schema, above) : elementRule(path, above);
    const some = items && Object.keys(items).length > 0 ? { items } : {};
    return orNull({ bsonType: 'array', ...some }, required);
  }
  if (path.schema) return orNull({ ...jsonSchemaOf(path.schema, above) }, required);
  if (path.instance === 'Map') {
    const value = path.$__schemaType;
    const rule = value ? ruleOf(value, above) : {};
    return orNull(
      { bsonType: 'object', ...(Object.keys(rule).length > 0 && { additionalProperties: rule }) },
      required,
    );
  }
  return orNull({ ...typeRule(path), ...limits(path) }, required);
}

function elementRule(path: MongoosePath, above: readonly MongooseSchema[]): Schema | undefined {
  const element = elementOf(path);
  return element && ruleOf(element, above);
}

function typeRule(path: MongoosePath): Schema {
  const type = bsonType(path);
  return type === undefined ? {} : { bsonType: type };
}

/** What mongoose lets be null must not be refused by the server. */
function orNull(rule: Schema, required: boolean): Schema {
  const { bsonType: type, enum: values } = rule;
  if (required || type === undefined) return rule;
  return {
    ...rule,
    bsonType: [type, 'null'],
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...values, null] }),
  };
}

/** `min: [0, 'too small']` and `min: 0` are the same. */
function given(options: Plain, name: string): unknown {
  const value = options[name];
  return Array.isArray(value) ? value[0] : value;
}

function limits({ options, instance, enumValues, validators }: MongoosePath): Schema {
  const rule: Schema = {};
  const values = enumOf(options, enumValues, validators);
  if (values.length > 0) rule['enum'] = values;
  if (instance === 'Number' || instance === 'Int32' || instance === 'Double') {
    const [min, max] = [given(options, 'min'), given(options, 'max')];
    if (typeof min === 'number') rule['minimum'] = min;
    if (typeof max === 'number') rule['maximum'] = max;
  }
  if (instance === 'String') {
    const shortest = given(options, 'minlength') ?? given(options, 'minLength');
    const longest = given(options, 'maxlength') ?? given(options, 'maxLength');
    if (typeof shortest === 'number') rule['minLength'] = shortest;
    if (typeof longest === 'number') rule['maxLength'] = longest;
    const match = given(options, 'match');
    // A server's pattern has no flags.
    if (match instanceof RegExp && match.flags.replace(/[gu]/g, '') === '')
      rule['pattern'] = match.source;
  }
  return rule;
}

function enumOf(
  options: Plain,
  enumValues: MongoosePath['enumValues'],
  validators: MongoosePath['validators'],
): unknown[] {
  if (enumValues && enumValues.length > 0) return enumValues.filter((value) => value !== undefined);
  const listed = options['enum'];
  if (listed === undefined) return [];
  const found = validators?.find(({ type }) => type === 'enum')?.['enumValues'];
  if (Array.isArray(found)) return found;
  if (Array.isArray(listed)) return listed;
  const { values } = listed as { values?: unknown };
  return Array.isArray(values) ? values : Object.values(listed as object);
}

/** The order in which people read it. */
function sorted(schema: Schema): Schema {
  const { bsonType: type, required, properties, ...rest } = schema;
  return {
    bsonType: type,
    ...(required ? { required } : {}),
    ...(properties ? { properties } : {}),
    ...rest,
  };
}
