import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODE_EXTENSIONS } from '../formats/file-names.ts';
import { loadModule } from '../formats/load-module.ts';
import { walkFolders } from '../formats/walk-folders.ts';

const FOLDERS = ['models', 'src/models', 'server/models', 'backend/models', 'app/models'];
const NO_MODEL = /\.d\.[cm]?ts$|\.(?:test|spec)\.[^.]+$/;

/** Imports every file of the project's models folders: models register themselves. */
export async function importModels(root: string): Promise<void> {
  const dirs = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const { files } = walkFolders({ root, dirs, recursive: true, ignore: [] });
  for (const { path, file, base } of files) {
    const isCode = CODE_EXTENSIONS.some((extension) => base.endsWith(extension));
    if (isCode && !NO_MODEL.test(base)) {
      await loadModule({ path, file }, readFileSync(path, 'utf8'));
    }
  }
}
