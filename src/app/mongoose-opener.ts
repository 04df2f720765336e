import type { Settings } from '../config/types.ts';
import type { OpenMongoose } from '../ports/driver.ts';

/** What a driver calls when a migration asks for mongoose; loaded only then. */
export function mongooseOpener({ root }: Settings): OpenMongoose {
  return async (given) => {
    const [{ openMongoose }, { importModels }] = await Promise.all([
      import('../mongoose/open-mongoose.ts'),
      import('./import-models.ts'),
    ]);
    return openMongoose({ ...given, root, loadModels: () => importModels(root) });
  };
}
