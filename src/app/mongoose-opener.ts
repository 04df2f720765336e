import type { Settings } from '../config/types.ts';
import type { OpenMongoose } from '../ports/driver.ts';

/** What a driver calls when a migration asks for mongoose; loaded only then. */
export function mongooseOpener({ root, modelsDir }: Settings): OpenMongoose {
  return async (given) => {
    const [{ openMongoose }, { loadModels }, { listCodeFiles }, { loadShared }] = await Promise.all(
      [
        import('../mongoose/open-mongoose.ts'),
        import('../mongoose/load-models.ts'),
        import('../formats/collection-source.ts'),
        import('../formats/load-shared.ts'),
      ],
    );
    const files = listCodeFiles(root, modelsDir);
    return openMongoose({
      ...given,
      places: [modelsDir, root],
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
  };
}
