import type { MongoosePath, MongooseSchema } from './types.ts';

/** A field as a schema declares it. */
export interface FieldShape {
  /** As `$type` names it; undefined for one of any type. */
  readonly type: string | undefined;
  readonly required: boolean;
  /** Plain data only: a function's value is not known beforehand. */
  readonly default?: unknown;
}

const TYPES: Readonly<Record<string, string>> = {
  String: 'string',
  Number: 'number',
  Boolean: 'bool',
  Date: 'date',
  ObjectId: 'objectId',
  ObjectID: 'objectId',
  Decimal128: 'decimal',
  Buffer: 'binData',
  UUID: 'binData',
  BigInt: 'long',
  Double: 'double',
  Int32: 'int',
  Map: 'object',
  Embedded: 'object',
  Array: 'array',
};

/** Undefined for `Mixed` and types of plugins, whose values can be anything. */
export function bsonType({ instance }: MongoosePath): string | undefined {
  return TYPES[instance];
}

/** `required` as a function is decided by each document: not by the database. */
export function isRequired(path: MongoosePath): boolean {
  const { required } = path.options;
  const given = Array.isArray(required) ? required[0] : required;
  const says =
    typeof given === 'object' && given !== null
      ? (given as { isRequired?: unknown }).isRequired
      : given;
  return says === true && path.isRequired !== false;
}

export function elementOf(path: MongoosePath): MongoosePath | undefined {
  const element = path.embeddedSchemaType ?? path.caster;
  return element?.instance === undefined ? undefined : element;
}

/** All fields by path; those in lists as `items.$.name`. */
export function fieldsOf(
  schema: MongooseSchema,
  prefix = '',
  above: readonly MongooseSchema[] = [],
): Record<string, FieldShape> {
  const fields: Record<string, FieldShape> = {};
  // A schema that contains itself ends at its second turn.
  if (above.includes(schema)) return fields;
  const inner = [...above, schema];
  for (const [name, path] of Object.entries(schema.paths)) {
    if (name.includes('$*')) continue;
    const at = `${prefix}${name}`;
    fields[at] = shapeOf(path);
    const isList = path.instance === 'Array' || path.instance === 'DocumentArray';
    if (path.schema)
      Object.assign(fields, fieldsOf(path.schema, isList ? `${at}.$.` : `${at}.`, inner));
  }
  return fields;
}

function shapeOf(path: MongoosePath): FieldShape {
  const given = path.defaultValue;
  const plain = given !== undefined && typeof given !== 'function' && given !== null;
  return {
    type: path.instance === 'DocumentArray' ? 'array' : bsonType(path),
    required: isRequired(path),
    ...(plain && { default: given }),
  };
}
