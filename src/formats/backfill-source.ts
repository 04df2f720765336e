import { existsSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { GodwitError } from '../errors.ts';
import type { BackfillSpec } from '../ports/backfill-spec.ts';
import { isBackfillDefinition } from './define-backfill.ts';
import { loadModule } from './load-module.ts';
import { sourceFile } from './source-file.ts';

const EXTENSIONS = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
/** Declarations, tests, and the modules of transforms that lie beside their backfill. */
const NOT_BACKFILLS = /\.(d|test|spec|transform|worker)\.[mc]?[jt]s$/;

/** A file of the folder, not imported yet. */
export interface BackfillFile {
  /** The file's stem. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
}

/** The folder's backfills by name. A folder that does not exist is empty. */
export function listBackfillFiles(root: string, dir: string): BackfillFile[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !/^[._]/.test(entry.name))
    .filter(({ name }) => EXTENSIONS.has(extname(name)) && !NOT_BACKFILLS.test(name))
    .map(({ name }) => {
      const path = join(dir, name);
      const file = relative(root, path).replaceAll(sep, '/');
      return { name: name.slice(0, -extname(name).length), path, file };
    });
  return files
    .filter(({ name, path }) => !isCompiled(path, name, files))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `x.js` beside `x.ts` is the same backfill. */
function isCompiled(path: string, name: string, files: readonly BackfillFile[]): boolean {
  if (!/\.[mc]?js$/.test(path)) return false;
  return files.some((other) => other.name === name && /\.[mc]?ts$/.test(other.path));
}

/**
 * Imports a file's backfill.
 *
 * @throws GodwitError GODWIT_IMPORT_FAILED, GODWIT_BACKFILL_INVALID
 */
export async function loadBackfillFile({ path, file, name }: BackfillFile): Promise<BackfillSpec> {
  const exported = await loadModule({ path, file }, sourceFile(path, file).text());
  const spec = findSpec(exported);
  if (spec !== undefined) return spec.name === undefined ? { ...spec, name } : spec;
  throw new GodwitError('GODWIT_BACKFILL_INVALID', `${file} exports no backfill.`, {
    where: { file },
    state: 'Nothing was changed.',
    next: [`export it: export default defineBackfill({ … })`],
  });
}

/** The default export, however many times a compiler or loader wrapped it. */
function findSpec(exported: unknown): BackfillSpec | undefined {
  const candidates: object[] = [];
  for (
    let value = exported;
    typeof value === 'object' && value !== null && candidates.length < 4;
    value = (value as { default?: unknown }).default
  ) {
    candidates.push(value);
  }
  return (
    candidates.find(isBackfillDefinition) ??
    (candidates.find((one) => 'collection' in one || 'table' in one) as BackfillSpec | undefined)
  );
}
