import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { isTypeScript } from './file-names.ts';

/**
 * How a file is loaded. `require` and `import` are Node's own; `transform` is for what
 * Node 20 cannot load: TypeScript, and JavaScript whose syntax and package disagree.
 */
export type ModuleKind = 'require' | 'import' | 'transform';

const ESM =
  /^[ \t]*(?:import\s*(?:[\w$*{]|['"])|export\s+(?:default|const|let|var|async|function|class)\b|export\s*[{*])/m;
const COMMONJS = /\bmodule\.exports\b|\bexports\.[\w$]+\s*=|\brequire\s*\(/;

/** Decides by extension, nearest package.json and syntax, without running anything. */
export function moduleKind(path: string, source: string): ModuleKind {
  const extension = extname(path);
  if (isTypeScript(extension)) return 'transform';
  if (extension === '.cjs') return 'require';
  if (extension === '.mjs') return 'import';
  const isEsm = ESM.test(source);
  if (packageType(dirname(path)) === 'module') {
    return !isEsm && COMMONJS.test(source) ? 'transform' : 'import';
  }
  // Node would load it, but with a warning on every run.
  return isEsm ? 'transform' : 'require';
}

const packageTypes = new Map<string, string | undefined>();

/** `type` of the nearest package.json, as Node looks it up. */
function packageType(folder: string): string | undefined {
  if (packageTypes.has(folder)) return packageTypes.get(folder);
  const found = readPackageType(join(folder, 'package.json'));
  const parent = dirname(folder);
  const type = found ? found.type : parent === folder ? undefined : packageType(parent);
  packageTypes.set(folder, type);
  return type;
}

function readPackageType(path: string): { readonly type: string | undefined } | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const type = (parsed as { type?: unknown } | null)?.type;
    return { type: typeof type === 'string' ? type : undefined };
  } catch {
    return undefined;
  }
}
