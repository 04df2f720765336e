import { createRequire } from 'node:module';
import { join } from 'node:path';
import { GodwitError } from '../errors.ts';
import { quietly } from './quietly.ts';
import { isModel, type Mongoose, type MongooseModel } from './types.ts';

export interface ModelFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
}

export interface LoadedModel {
  readonly model: MongooseModel;
  /** File that registered it first, as far as that was seen. */
  readonly from: string;
}

export interface LoadOptions {
  readonly folder: string;
  readonly root: string;
  readonly files: readonly ModelFile[];
  /** Imports a file, each once in the life of the process. */
  readonly load: (file: ModelFile) => Promise<unknown>;
}

/** Per mongoose and folder, because a module that was imported once registers nothing again. */
const registered = new WeakMap<Mongoose, Map<string, Map<MongooseModel, string>>>();

/**
 * All models of a folder, exported or registered, with the mongoose that they use
 * themselves. Loading opens no connection and creates nothing in any database.
 *
 * @throws GodwitError GODWIT_MODELS_MISSING when there is no mongoose, or files without a
 *   model; what importing a file throws
 */
export async function loadModels(options: LoadOptions): Promise<LoadedModel[]> {
  const { folder, root, files, load } = options;
  const mongoose = projectMongoose(folder, root);
  const folders = registered.get(mongoose) ?? new Map<string, Map<MongooseModel, string>>();
  registered.set(mongoose, folders);
  const known = folders.get(folder) ?? hostModels(mongoose, folders);
  folders.set(folder, known);
  const found = new Map<MongooseModel, string>();
  await quietly(mongoose, async () => {
    for (const file of files) {
      const before = allModels(mongoose);
      const exported = await load(file);
      for (const model of allModels(mongoose)) {
        if (!before.has(model)) known.set(model, file.file);
      }
      for (const model of modelsIn(exported, 0)) {
        if (!found.has(model)) found.set(model, known.get(model) ?? file.file);
      }
    }
  });
  for (const [model, from] of known) found.set(model, from);
  if (found.size === 0 && files.length > 0) throw noModels(options);
  return [...found].map(([model, from]) => ({ model, from }));
}

/** The copy that the models' own `require('mongoose')` gives: never a second one. */
function projectMongoose(folder: string, root: string): Mongoose {
  for (const place of [folder, root]) {
    const require = createRequire(join(place, 'models.js'));
    try {
      return require('mongoose') as Mongoose;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new GodwitError(
    'GODWIT_MODELS_MISSING',
    `The package mongoose is not installed in ${root}.`,
    {
      state: 'Nothing was changed.',
      next: ['npm install mongoose', 'without mongoose: write collections/ with defineCollection'],
    },
  );
}

/** Those that the program registered itself, before godwit loaded anything. */
function hostModels(
  mongoose: Mongoose,
  folders: ReadonlyMap<string, ReadonlyMap<MongooseModel, string>>,
): Map<MongooseModel, string> {
  const ours = new Set([...folders.values()].flatMap((models) => [...models.keys()]));
  const own = [...allModels(mongoose)].filter((model) => !ours.has(model));
  return new Map(own.map((model) => [model, `the model ${model.modelName}`]));
}

function allModels(mongoose: Mongoose): Set<MongooseModel> {
  return new Set(mongoose.connections.flatMap(({ models }) => Object.values(models)));
}

const DEEPEST = 3;

/** A model, or an object or list of them, however a compiler wrapped it. */
function modelsIn(value: unknown, depth: number): MongooseModel[] {
  if (isModel(value)) return [value];
  if (!isPlain(value) || depth > DEEPEST) return [];
  return Object.values(value).flatMap((one) => modelsIn(one, depth + 1));
}

/** Exports, lists and literals; not mongoose itself, which knows every model there is. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Array.isArray(value);
}

function noModels({ folder, files }: LoadOptions): GodwitError {
  return new GodwitError(
    'GODWIT_MODELS_MISSING',
    `${files.length} files in ${folder} were loaded, and none registers or exports a Mongoose model.`,
    {
      state: 'Nothing was changed.',
      next: [
        "export them: module.exports = mongoose.model('User', userSchema)",
        'or name the right folder: modelsDir in the config',
      ],
    },
  );
}
