import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { GodwitError } from '../errors.ts';
import type { CollectionDefinition, FoundDefinition } from '../ports/definition.ts';
import { isCollectionDefinition } from './define-collection.ts';
import { CODE_EXTENSIONS } from './file-names.ts';
import { loadModule } from './load-module.ts';
import { sourceFile } from './source-file.ts';
import { type FoundFile, walkFolders } from './walk-folders.ts';

const NOT_CODE = /\.d\.[cm]?ts$|\.(?:test|spec)\.[^.]+$/i;

/** Code files below a folder, sorted; `x.js` beside `x.ts` is the same file compiled. */
export function listCodeFiles(root: string, dir: string): FoundFile[] {
  if (!existsSync(dir)) return [];
  const { files } = walkFolders({ root, dirs: [dir], recursive: true, ignore: ['__tests__'] });
  const code = files.filter(
    ({ base }) => CODE_EXTENSIONS.includes(extname(base)) && !NOT_CODE.test(base),
  );
  const sources = new Set(code.map(({ path }) => path));
  return code.filter(({ path }) => {
    const typed = path.replace(/\.([mc]?)js$/, '.$1ts');
    return typed === path || !sources.has(typed);
  });
}

/**
 * Definitions that the files in `collections/` export: by default, by name or in a list.
 *
 * @throws GodwitError GODWIT_IMPORT_FAILED, GODWIT_DEFINITION_INVALID
 */
export async function loadCollectionFiles(root: string, dir: string): Promise<FoundDefinition[]> {
  const found: FoundDefinition[] = [];
  for (const { path, file } of listCodeFiles(root, dir)) {
    const exported = await loadModule({ path, file }, sourceFile(path, file).text());
    const definitions = new Set(definitionsIn(exported, 0));
    if (definitions.size === 0) throw exportsNone(file);
    for (const definition of definitions) found.push({ definition, from: file });
  }
  return found;
}

const DEEPEST = 3;

function definitionsIn(value: unknown, depth: number): CollectionDefinition[] {
  if (isCollectionDefinition(value)) return [value];
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  const inner = Object.values(value).flatMap((one) => definitionsIn(one, depth + 1));
  if (inner.length > 0) return inner;
  // A plain object in a file of collections/ is meant as one.
  const { name, indexes, validator, options, view } = value as Partial<CollectionDefinition>;
  const says = [indexes, validator, options, view].some((part) => part !== undefined);
  return typeof name === 'string' && says ? [value as CollectionDefinition] : [];
}

function exportsNone(file: string): GodwitError {
  return new GodwitError('GODWIT_DEFINITION_INVALID', `${file} exports no collection.`, {
    where: { file },
    state: 'Nothing was changed.',
    next: ["export it: export default defineCollection({ name: 'users', indexes: [ … ] })"],
  });
}
