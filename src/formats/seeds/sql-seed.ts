import type { SourceProblem } from '../../ports/source.ts';
import { sqlFormat } from '../sql.ts';
import { listOf } from './data-header.ts';
import type { Seed } from './seed.ts';
import type { SeedFile } from './seed-files.ts';

const DEPENDS_ON = /^--[^\S\n]*depends-on[^\S\n]*:(.*)$/im;

/** SQL, with `-- depends-on: 001_users` where it needs others. */
export function sqlSeed(found: SeedFile, variables: boolean): Seed | SourceProblem {
  const { source, extension, identity } = found;
  const main = { source, extension, role: 'main', stem: identity.id, ...identity } as const;
  const { migration, problem } = sqlFormat.read({ main }, { kind: 'seed', variables });
  if (problem) return problem;
  return {
    ...migration,
    ...identity,
    large: false,
    dependencies: async () => listOf(DEPENDS_ON.exec(source.text())?.[1]) ?? [],
  };
}
