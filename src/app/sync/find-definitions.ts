import { GodwitError } from '../../errors.ts';
import { listCodeFiles, loadCollectionFiles } from '../../formats/collection-source.ts';
import { loadShared } from '../../formats/load-shared.ts';
import { type LoadedModel, loadModels } from '../../mongoose/load-models.ts';
import { modelDefinitions } from '../../mongoose/model-definitions.ts';
import { isModel } from '../../mongoose/types.ts';
import type { FoundDefinition } from '../../ports/definition.ts';
import type { Project } from '../project.ts';

/**
 * All that defines collections: models, files in `collections/`, and what was given in code.
 *
 * @throws GodwitError GODWIT_MODELS_MISSING when there is nothing; what loading throws
 */
export async function findDefinitions(project: Project): Promise<FoundDefinition[]> {
  const settings = await project.settings();
  const { root, modelsDir, collectionsDir } = settings;
  const inCode = project.options.collections ?? [];
  const defined: FoundDefinition[] = [
    ...(await loadCollectionFiles(root, collectionsDir)),
    ...inCode.map((definition) => ({ definition, from: 'the program' })),
  ];
  const models = await findModels(project);
  if (models.length === 0 && defined.length === 0) throw nothing(modelsDir, collectionsDir);
  const fromModels = modelDefinitions(models, settings.sync);
  // A validator that somebody wrote goes before one that is made of a schema.
  const written = new Set(
    defined.filter(({ definition }) => definition.validator !== undefined).map(nameOf),
  );
  return [
    ...fromModels.map((found) => {
      if (!written.has(nameOf(found))) return found;
      const { validator: _made, ...definition } = found.definition;
      return { ...found, definition };
    }),
    ...defined,
  ];
}

function nameOf({ definition }: FoundDefinition): string {
  return definition.name;
}

/** Models of the program, or of the folder. */
export async function findModels(project: Project): Promise<LoadedModel[]> {
  const { models } = project.options;
  if (models) {
    return models.filter(isModel).map((model) => ({ model, from: `the model ${model.modelName}` }));
  }
  const { root, modelsDir } = await project.settings();
  const files = listCodeFiles(root, modelsDir);
  if (files.length === 0) return [];
  return loadModels({
    folder: modelsDir,
    root,
    files,
    load: (file) => loadShared(modelsDir, file),
  });
}

function nothing(modelsDir: string, collectionsDir: string): GodwitError {
  return new GodwitError(
    'GODWIT_MODELS_MISSING',
    `There are neither models in ${modelsDir} nor definitions in ${collectionsDir}.`,
    {
      state: 'No database was contacted.',
      next: [
        'name the folder of your Mongoose models: modelsDir in the config',
        'or define collections: collections/users.js with defineCollection',
      ],
    },
  );
}
