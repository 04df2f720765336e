import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelField, ModelFields } from '../../core/models/fields.ts';
import type { ModelSnapshot } from '../../core/models/snapshot.ts';
import { mergeDefinitions, type WantedCollection } from '../../core/sync/wanted.ts';
import { GodwitError, thrownMessage } from '../../errors.ts';
import { modelDefinitions } from '../../mongoose/model-definitions.ts';
import { modelFields } from '../../mongoose/model-fields.ts';
import type { ActualCollection, Plain } from '../../ports/definition.ts';
import type { Project } from '../project.ts';
import { findModels } from '../sync/find-definitions.ts';
import { readerOf } from '../sync/plan-sync.ts';

export const SNAPSHOT = '.snapshot.json';

/** How many documents of a collection without a validator are looked at. */
const SAMPLE = 500;

export interface WantedState {
  readonly collections: readonly WantedCollection[];
  readonly fields: Readonly<Record<string, ModelFields>>;
}

export type StateBefore = Pick<ModelSnapshot, 'collections' | 'fields'>;

/** What the models say, validators included. */
export async function wantedState(project: Project): Promise<WantedState> {
  const models = await findModels(project);
  const { modelsDir } = await project.settings();
  if (models.length === 0) {
    throw new GodwitError('GODWIT_MODELS_MISSING', `There are no models in ${modelsDir}.`, {
      state: 'Nothing was written.',
      next: ['name the folder of your Mongoose models: modelsDir in the config'],
    });
  }
  const found = modelDefinitions(models, { validators: true });
  return { collections: mergeDefinitions(found), fields: modelFields(models) };
}

/** The last snapshot; undefined when there is none. */
export function readSnapshot(folder: string): ModelSnapshot | undefined {
  const path = join(folder, SNAPSHOT);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
  try {
    const snapshot = JSON.parse(text) as ModelSnapshot;
    if (snapshot.version !== 1 || !Array.isArray(snapshot.collections))
      throw new Error('it is none');
    return snapshot;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): GodwitError {
  return new GodwitError(
    'GODWIT_FILE_UNREADABLE',
    `The snapshot ${path} cannot be read: ${thrownMessage(error)}`,
    {
      where: { file: path },
      state: 'Nothing was written.',
      next: ['take it from version control again, or delete it to compare with the database'],
    },
  );
}

/** What the database shows of the collections that models are about. */
export async function databaseState(
  project: Project,
  names: ReadonlySet<string>,
): Promise<StateBefore> {
  const reader = await readerOf(await project.driver());
  const collections = (await reader.read()).filter(({ name }) => names.has(name));
  const fields: Record<string, ModelFields> = {};
  for (const collection of collections) {
    const declared = fieldsInValidator(collection);
    fields[collection.name] = declared ?? fromSample(await reader.sample(collection.name, SAMPLE));
  }
  return { collections, fields };
}

function fromSample(sample: Readonly<Record<string, readonly string[]>>): ModelFields {
  return Object.fromEntries(
    Object.entries(sample).map(([path, types]): [string, ModelField] => {
      const known = types.filter((type) => type !== 'null');
      return [path, { type: known.length === 1 ? known[0] : undefined }];
    }),
  );
}

/** A validator that names the fields says more than a few documents. */
function fieldsInValidator({ validator }: ActualCollection): ModelFields | undefined {
  const schema = validator?.['$jsonSchema'] as Plain | undefined;
  if (schema?.['properties'] === undefined) return undefined;
  const fields: Record<string, ModelField> = {};
  note(schema, '', fields);
  return fields;
}

function note(schema: Plain, prefix: string, fields: Record<string, ModelField>): void {
  const required = (schema['required'] ?? []) as readonly string[];
  for (const [name, rule] of Object.entries(
    (schema['properties'] ?? {}) as Record<string, Plain>,
  )) {
    const path = `${prefix}${name}`;
    const types = [rule['bsonType']].flat().filter((type) => type !== 'null');
    const type = types.length === 1 ? (types[0] as string | undefined) : undefined;
    fields[path] = { type, required: required.includes(name) };
    if (rule['properties']) note(rule, `${path}.`, fields);
    const items = rule['items'] as Plain | undefined;
    if (items?.['properties']) note(items, `${path}.$.`, fields);
  }
}
