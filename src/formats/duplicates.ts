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

/**
 * Takes out every migration whose version or id another one has too: which of them the
 * history means cannot be known.
 */
export function separateDuplicates(migrations: readonly Migration[]): {
  unique: Migration[];
  problems: SourceProblem[];
} {
  const problems: SourceProblem[] = [];
  const double = new Set<Migration>();
  const report = (groups: Iterable<Migration[]>, what: (one: Migration) => string): void => {
    for (const group of groups) {
      const [first] = group;
      if (!first || group.length < 2) continue;
      for (const one of group) double.add(one);
      problems.push(duplicateProblem(group, what(first)));
    }
  };
  report(
    groupBy(migrations, (one) => one.version),
    (one) => `the version ${one.version}`,
  );
  const rest = migrations.filter((one) => !double.has(one));
  report(
    groupBy(rest, (one) => one.id),
    (one) => `the name ${one.id}`,
  );
  return { unique: migrations.filter((one) => !double.has(one)), problems };
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

function groupBy(
  migrations: readonly Migration[],
  key: (one: Migration) => string,
): Iterable<Migration[]> {
  const groups = new Map<string, Migration[]>();
  for (const one of migrations) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return groups.values();
}
