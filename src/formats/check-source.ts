import { existsSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { GodwitError } from '../errors.ts';
import type { SqlText } from '../ports/migration.ts';
import { loadModule } from './load-module.ts';
import { sourceFile } from './source-file.ts';

const CODE = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
const NOT_CHECKS = /\.(d|test|spec)\.[mc]?[jt]s$/;

/** A file of the folder of checks, not read yet. */
export interface CheckFile {
  /** The file's stem. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
  readonly type: 'sql' | 'code';
}

export type CheckFunction = (...given: readonly unknown[]) => unknown;

/** The folder's checks by name. A folder that does not exist is empty. */
export function listCheckFiles(root: string, dir: string): CheckFile[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !/^[._]/.test(entry.name))
    .filter(({ name }) => isCheck(name))
    .map(({ name }): CheckFile => {
      const path = join(dir, name);
      return {
        name: name.slice(0, -extname(name).length),
        path,
        file: relative(root, path).replaceAll(sep, '/'),
        type: extname(name) === '.sql' ? 'sql' : 'code',
      };
    });
  return files.filter((one) => !isCompiled(one, files)).sort((a, b) => (a.file < b.file ? -1 : 1));
}

function isCheck(name: string): boolean {
  const extension = extname(name);
  return extension === '.sql' || (CODE.has(extension) && !NOT_CHECKS.test(name));
}

/** `x.js` beside `x.ts` is the same check. */
function isCompiled({ path, name }: CheckFile, files: readonly CheckFile[]): boolean {
  if (!/\.[mc]?js$/.test(path)) return false;
  return files.some((other) => other.name === name && /\.[mc]?ts$/.test(other.path));
}

/**
 * A check's SQL.
 *
 * @param variables replace `${name}` before it is asked
 * @throws GodwitError GODWIT_FILE_UNREADABLE
 */
export function readSqlCheck({ path, file }: CheckFile, variables: boolean): SqlText {
  return { text: sourceFile(path, file).text(), file, line: 1, transaction: 'auto', variables };
}

/**
 * Imports a check: its default export, or what it exports as `check`.
 *
 * @throws GodwitError GODWIT_IMPORT_FAILED, GODWIT_FILE_INVALID
 */
export async function loadCheck({ path, file }: CheckFile): Promise<CheckFunction> {
  const exported = await loadModule({ path, file }, sourceFile(path, file).text());
  const check = findFunction(exported);
  if (check) return check;
  throw new GodwitError('GODWIT_FILE_INVALID', `${file} exports no check.`, {
    where: { file },
    state: 'Nothing was asked.',
    next: ['export a function: export default async (db) => […]'],
  });
}

function findFunction(exported: unknown): CheckFunction | undefined {
  let value = exported;
  for (let depth = 0; depth < 4; depth++) {
    if (typeof value === 'function') return value as CheckFunction;
    if (typeof value !== 'object' || value === null) return undefined;
    const { check, default: inner } = value as { check?: unknown; default?: unknown };
    if (typeof check === 'function') return check as CheckFunction;
    value = inner;
  }
  return undefined;
}
