import { splitVersionedName } from '../../core/ordering.ts';
import type { SourceProblem } from '../../ports/source.ts';
import { refuseDuplicates } from '../duplicates.ts';
import { SQL_EXTENSIONS } from '../file-names.ts';
import { codeSeed } from './code-seed.ts';
import { DATA_EXTENSIONS, dataSeed } from './data-seed.ts';
import type { CodeSeed } from './define-seed.ts';
import type { Seed, SeedListing } from './seed.ts';
import { findSeed, seedBody } from './seed-body.ts';
import { compareSeeds, listSeedFiles, type SeedFile } from './seed-files.ts';
import { sqlSeed } from './sql-seed.ts';

export interface SeedSourceOptions {
  /** The project's folder, absolute. */
  readonly root: string;
  /** Absolute; it need not exist. */
  readonly dir: string;
  readonly environment: string;
  /** Registered in code, beside the folder's. */
  readonly registered: readonly CodeSeed[];
  /** Replace `${name}` in SQL that does not say. */
  readonly variables: boolean;
}

/** Every seed of this environment. Imports none. */
export function listSeeds(options: SeedSourceOptions): SeedListing {
  const { root, dir, environment, registered, variables } = options;
  const seeds: Seed[] = [];
  const problems: SourceProblem[] = [];
  const take = (read: Seed | SourceProblem): void => {
    if ('code' in read) problems.push(read);
    else seeds.push(read);
  };
  for (const seed of registered) {
    if (isWanted(seed, environment)) take(registeredSeed(seed, root));
  }
  for (const file of listSeedFiles(root, dir, environment)) take(readSeed(file, root, variables));
  const checked = refuseDuplicates(seeds.sort(inOrder));
  return { seeds: checked.migrations.filter(isSeed), problems: [...problems, ...checked.problems] };
}

/** Those of all environments first. */
function inOrder(a: Seed, b: Seed): number {
  const own = Number(a.id.includes('/')) - Number(b.id.includes('/'));
  return own === 0 ? compareSeeds(a, b) : own;
}

/** What is refused as a duplicate is a copy, with all that a seed has. */
function isSeed(migration: object): migration is Seed {
  return 'dependencies' in migration;
}

function isWanted({ environments }: CodeSeed, environment: string): boolean {
  return environments === undefined || environments.includes(environment);
}

function readSeed(file: SeedFile, root: string, variables: boolean): Seed | SourceProblem {
  if (DATA_EXTENSIONS.includes(file.extension)) return dataSeed(file);
  if (SQL_EXTENSIONS.includes(file.extension)) return sqlSeed(file, variables);
  return codeSeed(file, root);
}

function registeredSeed(seed: CodeSeed, root: string): Seed | SourceProblem {
  const id = typeof seed?.id === 'string' ? seed.id.trim() : '';
  if (id === '' || findSeed(seed) === undefined) {
    const what = id === '' ? 'a seed registered in code has no id' : `${id} has nothing to run`;
    const fix = "register it as { id: '001_users', run(ctx) {…} }";
    return { code: 'GODWIT_FILE_INVALID', message: `${what}.`, files: [id], fix };
  }
  const split = splitVersionedName(id);
  return {
    kind: 'seed',
    id,
    version: split?.version ?? id,
    name: split?.name || id,
    format: 'code',
    file: undefined,
    description: seed.description,
    author: seed.author,
    checksum: undefined,
    reversible: false,
    large: false,
    dependencies: async () => seed.dependsOn ?? [],
    load: async () => seedBody(seed as never, { path: undefined, shown: id, root }),
  };
}
