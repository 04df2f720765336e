import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';
import type { CodePlace } from './code-body.ts';
import { isTypeScript } from './file-names.ts';
import { importFailed } from './import-error.ts';
import { moduleKind } from './module-kind.ts';
import { sourceFile } from './source-file.ts';

const requireModule = createRequire(import.meta.url);

const transformers = new Map<string, Promise<Jiti>>();

/**
 * Loads files that import one another, such as models, so that each is run once whoever
 * asks for it: JavaScript by Node, TypeScript by one transformer for the folder.
 *
 * @returns the module's exports
 * @throws GodwitError GODWIT_IMPORT_FAILED with file, line and cause
 */
export async function loadShared(folder: string, place: CodePlace): Promise<unknown> {
  try {
    if (!isTypeScript(extname(place.path))) return await loadScript(place);
    return await (await transformerOf(folder)).import(place.path);
  } catch (error) {
    const source = sourceFile(place.path, place.file).text();
    throw await importFailed(error, place, source, async (path, text) =>
      (await transformerOf(folder)).transform({
        source: text,
        filename: path,
        async: true,
        ts: isTypeScript(extname(path)),
      }),
    );
  }
}

/** Both of Node's ways share what either has loaded. */
async function loadScript({ path, file }: CodePlace): Promise<unknown> {
  const kind = moduleKind(path, sourceFile(path, file).text());
  return kind === 'require' ? requireModule(path) : await import(pathToFileURL(path).href);
}

function transformerOf(folder: string): Promise<Jiti> {
  const open = transformers.get(folder) ?? createTransformer(join(folder, 'models.ts'));
  transformers.set(folder, open);
  return open;
}

async function createTransformer(parent: string): Promise<Jiti> {
  const { createJiti } = await import('jiti');
  const options = {
    fsCache: false,
    interopDefault: false,
    moduleCache: true,
    extensions: ['.ts', '.mts', '.cts'],
  };
  try {
    return createJiti(parent, { ...options, tsconfigPaths: true });
  } catch {
    // A broken tsconfig.json matters only where its paths are used.
    return createJiti(parent, options);
  }
}
