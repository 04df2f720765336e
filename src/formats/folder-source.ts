import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { GodwitError } from '../errors.ts';
import type { Kind, Migration } from '../ports/migration.ts';
import type { MigrationSource, SourceListing, SourceProblem } from '../ports/source.ts';
import { detectFormat } from './detect.ts';
import { dropCompiled, refuseDuplicates, withoutCopies } from './duplicates.ts';
import { parseFileName } from './file-names.ts';
import {
  type Format,
  fileProblem,
  type MigrationFile,
  type MigrationFiles,
  type ReadOptions,
  type ReadResult,
  type Role,
} from './format.ts';
import { FORMAT_NAMES, findFormat } from './registry.ts';
import { sourceFile } from './source-file.ts';
import { type FoundFile, walkFolders } from './walk-folders.ts';

export interface FolderSourceOptions {
  /** The project's folder, absolute. */
  readonly root: string;
  /** Folders of migrations, relative to `root` or absolute. */
  readonly dirs: readonly string[];
  /** Look into subfolders too. Default true. */
  readonly recursive?: boolean | undefined;
  /** A format's name, or `auto` (default): each file is asked. */
  readonly format?: string | undefined;
  /** Default `migration`. */
  readonly kind?: Kind | undefined;
  /** Replace `${name}` in SQL files that do not say. Default false. */
  readonly variables?: boolean | undefined;
  /** The same file in two folders is one: a layout moves files, and a checkout may have both. */
  readonly copies?: boolean | undefined;
  /** Names or paths (`*`, `**`, `?`, `{a,b}`) that are left alone. */
  readonly ignore?: readonly string[] | undefined;
}

/** Files that are read before anything else has its turn. */
const AT_ONCE = 50;

/**
 * Migrations in folders. Listing reads each file once and imports none.
 *
 * @throws GODWIT_CONFIG_INVALID at once, when there is no such format
 * @example
 * const { migrations, problems } = await folderSource({ root, dirs: ['migrations'] }).list();
 */
export function folderSource(options: FolderSourceOptions): MigrationSource {
  const format = configuredFormat(options.format ?? 'auto');
  return { list: () => listFolders(options, format) };
}

function configuredFormat(name: string): Format | undefined {
  if (name === 'auto') return undefined;
  const format = findFormat(name);
  if (format) return format;
  const known = ['auto', ...FORMAT_NAMES].join(', ');
  throw new GodwitError('GODWIT_CONFIG_INVALID', `There is no format "${name}".`, {
    next: [`set "format" to one of: ${known}`],
  });
}

async function listFolders(
  options: FolderSourceOptions,
  format: Format | undefined,
): Promise<SourceListing> {
  const {
    root,
    dirs,
    recursive = true,
    ignore = [],
    kind = 'migration',
    variables = false,
  } = options;
  const walk = walkFolders({ root, dirs, recursive, ignore });
  const named = readNames(walk.files, format);
  const problems = [...walk.problems, ...named.problems];
  const grouped = groupFiles(named.files);
  // In a folder of code only, SQL without a migration beside it is somebody else's.
  if (!format || format.extensions.includes('.sql')) problems.push(...grouped.problems);
  const migrations: Migration[] = [];
  for (const [index, files] of grouped.migrations.entries()) {
    // A database that answers meanwhile is not kept waiting.
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
    const result = readFiles(files, format, { kind, variables });
    if (result?.problem) problems.push(result.problem);
    else if (result) migrations.push(result.migration);
  }
  const checked = refuseDuplicates(options.copies ? withoutCopies(migrations) : migrations);
  const found = [...problems, ...checked.problems];
  return { migrations: checked.migrations, problems: found, folders: walk.folders };
}

/** Files of other endings than the configured format's are left alone, but companions. */
function readNames(
  found: readonly FoundFile[],
  format: Format | undefined,
): {
  files: MigrationFile[];
  problems: SourceProblem[];
} {
  const files: MigrationFile[] = [];
  const problems: SourceProblem[] = [];
  for (const { path, file, base } of found) {
    const parsed = parseFileName(base);
    if (!parsed) continue;
    const isCompanion = 'role' in parsed && isCompanionRole(parsed.role);
    if (format && !isCompanion && !format.extensions.includes(parsed.extension)) continue;
    if ('unreadable' in parsed) {
      const { problem } = fileProblem(
        'GODWIT_FILE_NAME_INVALID',
        file,
        parsed.unreadable,
        parsed.fix,
      );
      problems.push(problem);
    } else {
      files.push({ ...parsed, source: sourceFile(path, file) });
    }
  }
  return { files, problems };
}

/** Joins each main file with its companions: same folder, same stem. */
function groupFiles(files: readonly MigrationFile[]): {
  migrations: MigrationFiles[];
  problems: SourceProblem[];
} {
  const companions = new Map<string, MigrationFile>();
  const mains: MigrationFile[] = [];
  for (const file of files) {
    if (isCompanionRole(file.role)) companions.set(companionKey(file, file.role), file);
    else mains.push(file);
  }
  const used = new Set<MigrationFile>();
  const take = (main: MigrationFile, role: 'down' | 'verify'): MigrationFile | undefined => {
    if (companions.size === 0) return undefined;
    const companion = companions.get(companionKey(main, role));
    if (companion) used.add(companion);
    return companion;
  };
  const join = (main: MigrationFile): MigrationFiles => ({
    main,
    down: take(main, 'down'),
    verify: take(main, 'verify'),
  });
  const all = mains.map(join);
  const kept = new Set(dropCompiled(mains));
  const orphans = [...companions.values()].filter((companion) => !used.has(companion));
  return {
    migrations: all.filter(({ main }) => kept.has(main)),
    problems: orphans.map(orphanProblem),
  };
}

function isCompanionRole(role: Role): role is 'down' | 'verify' {
  return role === 'down' || role === 'verify';
}

function companionKey({ source, stem }: MigrationFile, role: string): string {
  return `${dirname(source.path)}\0${stem}\0${role}`;
}

function orphanProblem({ source, stem, role }: MigrationFile): SourceProblem {
  return fileProblem(
    'GODWIT_FILE_NAME_INVALID',
    source.file,
    `there is no ${stem}.up.sql or ${stem}.sql beside it`,
    `add ${stem}.up.sql, or delete this .${role}.sql file`,
  ).problem;
}

function readFiles(
  files: MigrationFiles,
  configured: Format | undefined,
  options: ReadOptions,
): ReadResult | undefined {
  for (const file of [files.main, files.down, files.verify]) {
    const problem = file && unreadable(file);
    if (problem) return problem;
  }
  return detectFormat(files.main, configured)?.read(files, options);
}

function unreadable({ source }: MigrationFile): ReadResult | undefined {
  try {
    if (source.isUtf8()) return undefined;
    return fileProblem(
      'GODWIT_FILE_UNREADABLE',
      source.file,
      'it is not UTF-8 text',
      'save it as UTF-8',
    );
  } catch (error) {
    const { message } = error as Error;
    return fileProblem(
      'GODWIT_FILE_UNREADABLE',
      source.file,
      `it cannot be read: ${message}`,
      'check that it exists and that its rights allow reading',
    );
  }
}
