import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GodwitError } from '../errors.ts';
import { readJson } from './read-json.ts';

export const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map(
  (extension) => `godwit.config.${extension}`,
);

/**
 * The nearest config, looking upwards from a folder. The search ends with the root of the
 * repository, or below the home folder.
 *
 * @returns absolute path of a config file or of a package.json with a `godwit` key
 * @throws GODWIT_CONFIG_INVALID when one folder has more than one
 */
export async function findConfig(from: string): Promise<string | undefined> {
  const start = resolve(from);
  const home = homedir();
  for (let folder = start; ; folder = dirname(folder)) {
    if (folder === home && folder !== start) return undefined;
    const found = configsIn(folder);
    if (found.length > 1) throw severalConfigs(folder, found);
    if (found[0] !== undefined) return join(folder, found[0]);
    if (folder === dirname(folder) || existsSync(join(folder, '.git'))) return undefined;
  }
}

function configsIn(folder: string): string[] {
  const names = new Set(namesIn(folder));
  const found = CONFIG_NAMES.filter((name) => names.has(name));
  if (names.has('package.json') && hasGodwitKey(join(folder, 'package.json'))) {
    found.push('package.json');
  }
  return found;
}

/** A package.json that cannot be read is somebody else's concern, unless it speaks of us. */
function hasGodwitKey(path: string): boolean {
  const text = textOf(path);
  if (!text.includes('"godwit"')) return false;
  const parsed = readJson(text, path);
  return typeof parsed === 'object' && parsed !== null && 'godwit' in parsed;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function severalConfigs(folder: string, found: readonly string[]): GodwitError {
  return new GodwitError(
    'GODWIT_CONFIG_INVALID',
    `There is more than one godwit configuration in ${folder}: ${found.join(', ')}. Keep one.`,
    {
      where: { file: folder },
      state: 'No database was contacted.',
      next: found.map((name) => `godwit status --config ${name}`),
    },
  );
}
