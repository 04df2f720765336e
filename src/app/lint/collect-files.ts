import { existsSync, statSync } from 'node:fs';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { findStatus, unknownMigration } from '../../core/select.ts';
import { joinStates } from '../../core/state.ts';
import { GodwitError } from '../../errors.ts';
import { CODE_EXTENSIONS, SQL_EXTENSIONS } from '../../formats/file-names.ts';
import { folderSource } from '../../formats/folder-source.ts';
import { DATA_EXTENSIONS } from '../../formats/seeds/data-seed.ts';
import { sourceFile } from '../../formats/source-file.ts';
import { walkFolders } from '../../formats/walk-folders.ts';
import type { LintFile, LintLanguage } from '../../lint/file.ts';
import type { Migration } from '../../ports/migration.ts';
import type { SourceProblem } from '../../ports/source.ts';
import type { Project } from '../project.ts';
import { describeMigration } from './describe-migration.ts';

export interface Collected {
  /** To be looked at. */
  readonly files: readonly LintFile[];
  /** With those beside them. */
  readonly all: readonly LintFile[];
  readonly problems: readonly SourceProblem[];
  /** Folders that the files are of, absolute. */
  readonly folders: readonly string[];
}

/** Ids of migrations whose files may no longer be edited. */
export type Applied = ReadonlySet<string>;

/**
 * The files that were named, else the project's migrations and seeds. Imports none.
 *
 * @throws GODWIT_MIGRATION_UNKNOWN for a word that is neither a file nor a migration
 */
export async function collectFiles(
  project: Project,
  targets: readonly string[],
  applied: Applied,
): Promise<Collected> {
  const settings = await project.settings();
  const from = resolve(project.options.root ?? '.');
  const paths = targets.map((target) => resolve(from, target)).filter((path) => existsSync(path));
  const ids = targets.filter((target) => !existsSync(resolve(from, target)));
  const own = targets.length === 0 || ids.length > 0;
  const folders = [...new Set([...(own ? ownFolders(settings) : []), ...paths.map(folderOf)])];
  const read = await readFolders(settings, folders, targets.length === 0 ? applied : new Set());
  const named = new Set(
    ids.flatMap((id) => {
      const found = findStatus(joinStates(read.migrations, [], undefined), id)?.migration?.file;
      if (found === undefined) throw unknown(id, read.migrations);
      return [found];
    }),
  );
  const wanted = (file: LintFile): boolean =>
    targets.length === 0 ||
    named.has(file.file) ||
    paths.some((path) => isWithin(path, resolve(settings.root, file.file)));
  return { files: read.files.filter(wanted), all: read.files, problems: read.problems, folders };
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}

function isWithin(path: string, file: string): boolean {
  return file === path || file.startsWith(path.endsWith(sep) ? path : path + sep);
}

function ownFolders({ dirs, seedDir }: Settings): string[] {
  return [...dirs, seedDir].filter((dir) => existsSync(dir));
}

function unknown(id: string, migrations: readonly Migration[]): GodwitError {
  const { message } = unknownMigration(id, joinStates(migrations, [], undefined));
  return new GodwitError('GODWIT_MIGRATION_UNKNOWN', `${message} Nor is it a file or a folder.`, {
    state: 'No database was contacted.',
    next: ['godwit list'],
  });
}

async function readFolders(settings: Settings, folders: readonly string[], applied: Applied) {
  const { root, layout, substituteVariables: variables } = settings;
  const dirs = folders.filter((dir) => dir !== settings.seedDir);
  const listing = await folderSource({
    ...{ root, dirs, variables },
    format: settings.format,
    copies: layout !== undefined,
  }).list();
  const byFile = new Map(listing.migrations.map((one) => [one.file, one]));
  const files: LintFile[] = [];
  for (const { path, file } of walkFolders({ root, dirs: folders, recursive: true, ignore: [] })
    .files) {
    const language = languageOf(path);
    const source = sourceFile(path, file);
    if (language === undefined || !isReadable(source)) continue;
    const migration = byFile.get(file);
    files.push({
      ...{ file, text: source.text(), language },
      migration: migration && (await describeMigration(migration)),
      applied: migration !== undefined && applied.has(migration.id),
    });
  }
  return { files, migrations: listing.migrations, problems: listing.problems };
}

function isReadable(source: ReturnType<typeof sourceFile>): boolean {
  try {
    return source.isUtf8();
  } catch {
    return false;
  }
}

function languageOf(path: string): LintLanguage | undefined {
  const extension = extname(path).toLowerCase();
  if (SQL_EXTENSIONS.includes(extension)) return 'sql';
  if (CODE_EXTENSIONS.includes(extension)) return 'script';
  return DATA_EXTENSIONS.includes(extension) ? 'data' : undefined;
}

/** As files are shown: relative to the project, with `/`. */
export function shownPath(root: string, path: string): string {
  return relative(root, path).replaceAll(sep, '/');
}
