import { GodwitError } from '../errors.ts';
import type { Migration } from '../ports/migration.ts';
import type { SourceProblem } from '../ports/source.ts';
import { isTypeScript, JAVASCRIPT_EXTENSIONS } from './file-names.ts';
import type { MigrationFile } from './format.ts';

const JAVASCRIPT: readonly string[] = JAVASCRIPT_EXTENSIONS;

/**
 * Drops JavaScript that was compiled from TypeScript of the same stem, wherever it lies:
 * the source is what people edit and review, and it can always be loaded.
 */
export function dropCompiled(mains: readonly MigrationFile[]): MigrationFile[] {
  const sources = new Map<string, number>();
  for (const { stem, extension } of mains) {
    if (isTypeScript(extension)) sources.set(stem, (sources.get(stem) ?? 0) + 1);
  }
  if (sources.size === 0) return [...mains];
  return mains.filter(
    (main) => !(JAVASCRIPT.includes(main.extension) && sources.get(main.stem) === 1),
  );
}

/** Of files with one id and the same bytes the last by path is kept. */
export function withoutCopies(migrations: readonly Migration[]): Migration[] {
  const groups = groupBy(migrations, (one) => `${one.kind} ${one.version} ${one.id}`);
  return groups.flatMap((group) => {
    const [first] = group;
    if (group.length === 1) return [first];
    const last = group.at(-1) ?? first;
    return group.every((one) => one.checksum?.raw === first.checksum?.raw) ? [last] : group;
  });
}

/**
 * Finds migrations of one version or of one id; each kind has versions of its own. Of one version the first by path stays in
 * the list, so that its state can be shown; none of them can be loaded: which of them the
 * history means cannot be known.
 */
export function refuseDuplicates(migrations: readonly Migration[]): {
  migrations: Migration[];
  problems: SourceProblem[];
} {
  const byVersion = groupBy(migrations, (one) => `${one.kind} ${one.version}`);
  const firsts = byVersion.map(([first]) => first);
  const byId = groupBy(firsts, (one) => `${one.kind} ${one.id}`);
  const problems: SourceProblem[] = [];
  const refused = new Map<Migration, SourceProblem>();
  const report = (group: Group, what: (one: Migration) => string): void => {
    if (group.length < 2) return;
    const problem = duplicateProblem(group, what(group[0]));
    for (const one of group) refused.set(one, refused.get(one) ?? problem);
    problems.push(problem);
  };
  for (const group of byVersion) report(group, (one) => `the version ${one.version}`);
  for (const group of byId) report(group, (one) => `the name ${one.id}`);
  if (problems.length === 0) return { migrations: firsts, problems };
  return { migrations: firsts.map((one) => refuse(one, refused.get(one))), problems };
}

function refuse(migration: Migration, problem: SourceProblem | undefined): Migration {
  if (!problem) return migration;
  const { code, message, fix } = problem;
  const load = async (): Promise<never> => {
    throw new GodwitError(code, message, {
      where: { file: migration.file },
      state: 'Nothing of these migrations was run.',
      next: [fix],
    });
  };
  return { ...migration, load };
}

function duplicateProblem(group: readonly Migration[], what: string): SourceProblem {
  const files = group.map((one) => one.file ?? one.id);
  return {
    code: 'GODWIT_VERSION_DUPLICATE',
    message: `${files.length} migrations have ${what}: ${files.join(' and ')}`,
    files,
    fix: `give all but one of them another version; keep the one that is applied somewhere`,
  };
}

type Group = [Migration, ...Migration[]];

function groupBy(migrations: readonly Migration[], key: (one: Migration) => string): Group[] {
  const groups = new Map<string, Group>();
  for (const one of migrations) {
    const name = key(one);
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return [...groups.values()];
}
