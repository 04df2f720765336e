import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GodwitError } from '../errors.ts';
import { readJson } from './read-json.ts';

/**
 * The value a config file exports by default. Plain JavaScript and JSON are read by Node
 * itself; jiti is loaded only for TypeScript.
 *
 * @throws GODWIT_CONFIG_UNREADABLE with file and line
 */
export async function importConfig(file: string): Promise<unknown> {
  if (extname(file) === '.json') return readJsonConfig(file);
  try {
    if (/\.[mc]?ts$/.test(file)) return await importWithJiti(file);
    return await importNatively(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function readJsonConfig(file: string): Promise<unknown> {
  const parsed = readJson(textOf(file), file);
  if (basename(file) !== 'package.json') return parsed;
  return (parsed as { godwit?: unknown }).godwit;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function importNatively(file: string): Promise<unknown> {
  try {
    return defaultOf(await import(pathToFileURL(file).href));
  } catch (error) {
    // Run from elsewhere (npx, a global install): `import … from 'godwit'` finds no package.
    if (/Cannot find (package|module) 'godwit/.test(String(error))) return importWithJiti(file);
    throw error;
  }
}

async function importWithJiti(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const own = ownEntry();
  const jiti = createJiti(pathToFileURL(file).href, own ? { alias: { godwit: own } } : {});
  return defaultOf(await jiti.import(file));
}

/** Configs may say `export default`, `module.exports =`, or both by way of a compiler. */
function defaultOf(module: unknown): unknown {
  let value = module;
  for (let i = 0; i < 2; i++) {
    if (typeof value !== 'object' || value === null || !('default' in value)) break;
    value = value.default;
  }
  return value;
}

/** The running godwit's own entry, whether it runs from `src` or from `dist`. */
function ownEntry(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); ) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      if (JSON.parse(readFileSync(manifest, 'utf8')).name !== 'godwit') return undefined;
      return [join(folder, 'dist/index.js'), join(folder, 'src/index.ts')].find(existsSync);
    }
    folder = dirname(folder);
  }
  return undefined;
}

function unreadable(file: string, error: unknown): GodwitError {
  const message = error instanceof Error ? error.message : String(error);
  const firstLine = message.split('\n')[0] ?? message;
  return new GodwitError(
    'GODWIT_CONFIG_UNREADABLE',
    `The configuration cannot be read: ${firstLine}`,
    {
      where: { file, ...placeOf(file, error) },
      state: 'No database was contacted.',
      cause: error,
    },
  );
}

/** From a parser's `loc`, else from the first frame of the stack that is in the file. */
function placeOf(file: string, error: unknown): { line?: number; column?: number } {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const { loc } = error as { loc?: { line?: number; column?: number } };
  if (loc?.line !== undefined) return { line: loc.line, column: (loc.column ?? 0) + 1 };
  for (const name of [file, pathToFileURL(file).href]) {
    const at = stack.indexOf(`${name}:`);
    const match = at < 0 ? null : /^:(\d+)(?::(\d+))?/.exec(stack.slice(at + name.length));
    if (match) return { line: Number(match[1]), ...(match[2] && { column: Number(match[2]) }) };
  }
  return {};
}
