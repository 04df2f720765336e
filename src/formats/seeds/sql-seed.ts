import type { SourceProblem } from '../../ports/source.ts';
import type { SourceFile } from '../source-file.ts';
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
    dependencies: async () => listOf(DEPENDS_ON.exec(headOf(source))?.[1]) ?? [],
  };
}

/** Of a long file the first part: what it needs stands at its top. */
function headOf(source: SourceFile): string {
  const long = source.long();
  if (!long) return source.text();
  for (const { text } of long.parts()) return text;
  return '';
}
