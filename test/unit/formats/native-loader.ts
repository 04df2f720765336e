import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Bundles a source file and imports it past vitest, which would run `import()` through
 * its own transformer: how Node itself loads migrations is what is tested.
 */
export async function importNatively<T>(source: string): Promise<T> {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'godwit-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'bundle.mjs');
  await bundle(source, outfile);
  return (await import(pathToFileURL(outfile).href)) as T;
}

/** Bundles a source file of godwit as one ES module. */
export async function bundle(source: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, source)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['jiti', 'libpg-query'],
    logLevel: 'silent',
  });
}
