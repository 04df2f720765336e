/** The part of mongoose that 7, 8 and 9 have in common, as far as godwit looks at it. */
export interface Mongoose {
  readonly version: string;
  readonly connections: readonly MongooseConnection[];
  readonly Model: { init: (...args: unknown[]) => unknown };
  readonly Connection: { readonly prototype: { openUri: (...args: unknown[]) => unknown } };
}

export interface MongooseConnection {
  readonly models: Readonly<Record<string, MongooseModel>>;
}

export interface MongooseModel {
  readonly modelName: string;
  readonly schema: MongooseSchema;
  readonly collection: { readonly collectionName?: string; readonly name: string };
  /** Of a discriminator. */
  readonly baseModelName?: string | undefined;
}

type Options = Readonly<Record<string, unknown>>;

export interface MongooseSchema {
  indexes(): readonly (readonly [Record<string, unknown>, Record<string, unknown>])[];
  readonly options: Options;
  readonly paths: Readonly<Record<string, MongoosePath>>;
  readonly discriminatorMapping?: { readonly key?: string; readonly value?: string } | undefined;
  readonly discriminators?: Readonly<Record<string, MongooseSchema>> | undefined;
}

/** A schema type. */
export interface MongoosePath {
  readonly path: string;
  /** `String`, `Number`, `Array`, `Embedded` … */
  readonly instance: string;
  readonly options: Options;
  /** True, or a function that decides. */
  readonly isRequired?: boolean | undefined;
  readonly requiredValidator?: unknown;
  readonly defaultValue?: unknown;
  readonly validators?: readonly Options[] | undefined;
  readonly enumValues?: readonly unknown[] | undefined;
  /** Of a subdocument, or of a list of them. */
  readonly schema?: MongooseSchema | undefined;
  /** Of a list's elements, mongoose 9. */
  readonly embeddedSchemaType?: MongoosePath | undefined;
  /** Of a list's elements, mongoose 7 and 8. */
  readonly caster?: MongoosePath | undefined;
  /** Of a map's values. */
  readonly $__schemaType?: MongoosePath | undefined;
}

/** True for a model of any copy of mongoose. */
export function isModel(value: unknown): value is MongooseModel {
  if (typeof value !== 'function') return false;
  const { modelName, schema, collection } = value as unknown as Partial<MongooseModel>;
  return (
    typeof modelName === 'string' &&
    typeof schema?.indexes === 'function' &&
    typeof collection?.name === 'string'
  );
}
