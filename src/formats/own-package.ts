import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where this copy of godwit's entry points are, for a project that has none of its own:
 * `npx godwit` must be able to run a migration that imports `defineMigration`.
 */
export function ownEntryPoints(): Readonly<Record<string, string>> {
  const root = ownRoot(dirname(fileURLToPath(import.meta.url)));
  if (root === undefined) return {};
  const { resolve } = createRequire(join(root, 'package.json'));
  const names = ['mongodb', 'mongoose', 'postgres', 'ids'].map((name) => `godwit/${name}`);
  return Object.fromEntries(['godwit', ...names].map((name) => [name, resolve(name)]));
}

/** Source, library and bundled bin lie at different depths below the package. */
function ownRoot(folder: string): string | undefined {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest)) {
    const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string };
    if (name === 'godwit') return folder;
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : ownRoot(parent);
}
