import { existsSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { compareVersions, splitVersionedName } from '../../core/ordering.ts';
import type { Migration } from '../../ports/migration.ts';
import { CODE_EXTENSIONS, isTypeScript, SQL_EXTENSIONS } from '../file-names.ts';
import { type SourceFile, sourceFile } from '../source-file.ts';
import { DATA_EXTENSIONS } from './data-seed.ts';

export interface SeedFile {
  readonly source: SourceFile;
  /** Lower case, with the dot. */
  readonly extension: string;
  readonly identity: Pick<Migration, 'id' | 'version' | 'name'>;
}

const NOT_SEEDS =
  /^[._]|\.d\.[cm]?ts$|\.(test|spec)\.[^.]+$|^(package(-lock)?|[jt]sconfig)\.json$/i;

/**
 * Seeds of a folder, and of its subfolder of this environment, in order. Other subfolders
 * hold what seeds use. Code counts when its name begins with a number, or when it says
 * `defineSeed`; data and SQL always.
 */
export function listSeedFiles(root: string, dir: string, environment: string): SeedFile[] {
  const environmentDir = join(dir, environment);
  const own = isPlainName(environment) ? filesOf(root, environmentDir, `${environment}/`) : [];
  return [...filesOf(root, dir, ''), ...own];
}

/** An environment's name is a folder's, never a way out of it. */
function isPlainName(name: string): boolean {
  return /^[\w-]+(\.[\w-]+)*$/.test(name);
}

function filesOf(root: string, dir: string, prefix: string): SeedFile[] {
  if (!existsSync(dir)) return [];
  const files = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !NOT_SEEDS.test(entry.name))
    .map(({ name }) => {
      const path = join(dir, name);
      const source = sourceFile(path, relative(root, path).replaceAll(sep, '/'));
      const extension = extname(name).toLowerCase();
      return { source, extension, identity: identityOf(name, prefix) };
    })
    .filter(isSeed);
  return files
    .filter((file) => !isCompiled(file, files))
    .sort((a, b) => compareSeeds(a.identity, b.identity));
}

function identityOf(base: string, prefix: string): SeedFile['identity'] {
  const stem = base.slice(0, -extname(base).length);
  const split = splitVersionedName(stem);
  return {
    id: `${prefix}${stem}`,
    version: `${prefix}${split?.version ?? stem}`,
    name: split?.name || stem,
  };
}

function isSeed({ source, extension, identity }: SeedFile): boolean {
  if (DATA_EXTENSIONS.includes(extension) || SQL_EXTENSIONS.includes(extension)) return true;
  if (!CODE_EXTENSIONS.includes(extension)) return false;
  return /(^|\/)\d/.test(identity.id) || /\bdefineSeed\b/.test(source.text());
}

/** `x.js` beside `x.ts` is the same seed. */
function isCompiled(file: SeedFile, files: readonly SeedFile[]): boolean {
  if (!/^\.[mc]?js$/.test(file.extension)) return false;
  return files.some(
    (other) => other.identity.id === file.identity.id && isTypeScript(other.extension),
  );
}

/** By number, then those without one by name. */
export function compareSeeds(a: SeedFile['identity'], b: SeedFile['identity']): number {
  const [versionA, versionB] = [a, b].map(({ version }) => version.slice(version.indexOf('/') + 1));
  return compareVersions(versionA ?? '', versionB ?? '');
}
