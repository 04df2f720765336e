import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';
import type { CodePlace } from './code-body.ts';
import { importFailed, missingPackage } from './import-error.ts';
import { type ModuleKind, moduleKind } from './module-kind.ts';
import { ownEntryPoints } from './own-package.ts';

const requireModule = createRequire(import.meta.url);

/** Source as it was loaded, to notice in a long-lived process that a file was edited. */
const loaded = new Map<string, string>();
/** Makes the URL of an edited ES module a new one, which is all that Node looks at. */
let edits = 0;

/**
 * Imports a migration: CommonJS or ESM, JavaScript or TypeScript, whatever the package's
 * `type` says. A file that was edited since this process loaded it is loaded again.
 *
 * @param source the text that was listed and hashed
 * @returns the module's exports; `module.exports` itself for CommonJS
 * @throws GODWIT_IMPORT_FAILED with file, line and cause
 */
export async function loadModule(place: CodePlace, source: string): Promise<unknown> {
  const edited = loaded.has(place.path) && loaded.get(place.path) !== source;
  if (edited) delete requireModule.cache[place.path];
  loaded.set(place.path, source);
  const kind = moduleKind(place.path, source);
  try {
    return await loadAs(kind, place.path, source, edited);
  } catch (error) {
    // A failed import must not be remembered: the next attempt reads the file anew.
    loaded.set(place.path, '');
    throw await importFailed(error, place, source, transformed);
  }
}

async function loadAs(
  kind: ModuleKind,
  path: string,
  source: string,
  edited: boolean,
): Promise<unknown> {
  if (kind === 'transform') return transform(path, source);
  try {
    return kind === 'require' ? requireModule(path) : await importNatively(path, edited);
  } catch (error) {
    if (!isWrongModuleSystem(error) && missingPackage(error) !== 'godwit') throw error;
    return transform(path, source);
  }
}

function importNatively(path: string, edited: boolean): Promise<unknown> {
  const url = pathToFileURL(path).href;
  return import(edited ? `${url}?edited=${++edits}` : url);
}

/** The guess in `moduleKind` was wrong; nothing of the file's body has run yet. */
function isWrongModuleSystem(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_REQUIRE_ESM' || code === 'ERR_REQUIRE_ASYNC_MODULE') return true;
  if (error instanceof SyntaxError) {
    return /Cannot use import statement|Unexpected token 'export'|await is only valid/.test(
      error.message,
    );
  }
  return (
    error instanceof ReferenceError &&
    /^(?:module|exports|require|__dirname|__filename) is not defined in ES module scope/.test(
      error.message,
    )
  );
}

const transformers = new Map<string, Promise<Jiti>>();

/**
 * Only TypeScript goes through the transformer; what it imports is loaded by Node, so
 * that drivers and godwit itself exist once. Nothing is cached on disk: a cache in a
 * shared temporary folder is code that others could write.
 */
function openTransformer(folder: string): Promise<Jiti> {
  const open = transformers.get(folder) ?? createTransformer(join(folder, 'migration.ts'));
  transformers.set(folder, open);
  return open;
}

/** @param alias entry points for a project that has no godwit of its own */
async function createTransformer(
  parent: string,
  alias: Readonly<Record<string, string>> = {},
): Promise<Jiti> {
  const { createJiti } = await import('jiti');
  const options = {
    alias,
    fsCache: false,
    interopDefault: false,
    extensions: ['.ts', '.mts', '.cts'],
  };
  try {
    return createJiti(parent, { ...options, tsconfigPaths: true });
  } catch {
    // A broken tsconfig.json matters only where its paths are used.
    return createJiti(parent, options);
  }
}

async function transform(path: string, source: string): Promise<unknown> {
  const transformer = await openTransformer(dirname(path));
  const how = { id: path, filename: path, ext: extname(path), async: true, forceTranspile: true };
  try {
    return await transformer.evalModule(source, how);
  } catch (error) {
    if (missingPackage(error) !== 'godwit') throw error;
    const lender = await createTransformer(path, ownEntryPoints());
    return lender.evalModule(source, how);
  }
}

/** Compiles without running, to find the line of a syntax error. */
async function transformed(path: string, source: string): Promise<string> {
  return (await openTransformer(dirname(path))).transform({
    source,
    filename: path,
    async: true,
    ts: /\.[mc]?ts$/.test(path),
  });
}
