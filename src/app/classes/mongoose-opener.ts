import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import type { MongooseOpener } from '../../ports/driver.ts';

/** As much of mongoose as is looked at before it is opened. */
interface Mongoose {
  readonly connection: { readonly readyState: number };
  modelNames(): readonly string[];
}

/** What a driver calls when a migration asks for mongoose; loaded only then. */
export function mongooseOpener({ root, modelsDir }: Settings): MongooseOpener {
  const places = [modelsDir, root];
  /** A program that has models of its own means to connect them itself. */
  let hostHasModels: boolean | undefined;
  const loaded = onceFound(places);
  return {
    watch() {
      hostHasModels = hasModels(loaded());
      return () => {
        const mongoose = loaded();
        return !hostHasModels && mongoose?.connection.readyState === 0 && hasModels(mongoose);
      };
    },
    async open(given) {
      const [{ openMongoose }, { loadModels }, { listCodeFiles }, { loadShared }] =
        await Promise.all([
          import('../../mongoose/open-mongoose.ts'),
          import('../../mongoose/load-models.ts'),
          import('../../formats/collection-source.ts'),
          import('../../formats/load-shared.ts'),
        ]);
      const files = listCodeFiles(root, modelsDir);
      return openMongoose({
        ...given,
        places,
        hostHasModels: hostHasModels ?? hasModels(loaded()),
        loadModels: async () => {
          if (files.length > 0)
            await loadModels({
              folder: modelsDir,
              root,
              files,
              load: (file) => loadShared(modelsDir, file),
            });
        },
      });
    },
  };
}

function hasModels(mongoose: Mongoose | undefined): boolean {
  return mongoose !== undefined && mongoose.modelNames().length > 0;
}

/** The project's mongoose, if something has loaded it. Never loads it. */
function onceFound(places: readonly string[]): () => Mongoose | undefined {
  let path: string | false | undefined;
  return () => {
    path ??= resolveMongoose(places);
    // Imported as a module it is in this cache as well: mongoose is CommonJS.
    return path ? (require.cache[path]?.exports as Mongoose | undefined) : undefined;
  };
}

const require = createRequire(import.meta.url);

function resolveMongoose(places: readonly string[]): string | false {
  for (const place of places) {
    try {
      return createRequire(join(place, 'package.json')).resolve('mongoose');
    } catch {
      // It may be found from the next place, or not be there at all.
    }
  }
  return false;
}
