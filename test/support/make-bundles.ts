import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';
import { bundleCommandLine } from '../../scripts/build.mjs';

const TESTS = fileURLToPath(new URL('..', import.meta.url));

/** What tests start as processes of their own, beside the command line. */
const CHILDREN = [
  'contract/backfill-child.ts',
  'contract/public-ids/child.ts',
  'contract/mongoose/helper-child.ts',
  'contract/mongodb/child.ts',
  'contract/mongodb/backup-child.ts',
].map((path) => join(TESTS, path));

/** Backfills start threads, one after another where rows end them. */
const THREAD = fileURLToPath(new URL('../../src/worker/thread.ts', import.meta.url));

/**
 * Bundles once for all tests what they start as processes: translating TypeScript at each
 * start takes many times as long as Node's own start.
 *
 * @returns the folder
 */
export async function makeBundles(): Promise<string> {
  // Within node_modules, so that the packages are found.
  const folder = await mkdtemp(resolve('node_modules', '.godwit-test-'));
  await Promise.all([bundleCommandLine(join(folder, 'cli')), bundleChildren(folder)]);
  return folder;
}

export async function removeBundles(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function bundleChildren(folder: string): Promise<void> {
  const { build } = await import('esbuild');
  const common: BuildOptions = {
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  };
  await Promise.all([
    build({ ...common, entryPoints: CHILDREN, outdir: join(folder, 'children'), outbase: TESTS }),
    build({ ...common, entryPoints: [THREAD], outdir: join(folder, 'worker') }),
  ]);
}
