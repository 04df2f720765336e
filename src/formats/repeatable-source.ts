import { existsSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { GodwitError } from '../errors.ts';
import { sourceFile } from './source-file.ts';

/** A file of SQL that is run again whenever it changes. */
export interface RepeatableFile {
  /** `R__name.sql`: `name`; in a folder of definitions the path below it, without `.sql`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
}

export interface RepeatableFolders {
  readonly root: string;
  /** Folders of migrations: `R__*.sql` in them. */
  readonly dirs: readonly string[];
  /** Folders of definitions: every `.sql` below them. */
  readonly definitionDirs: readonly string[];
}

const REPEATABLE = /^R__(.+)\.sql$/i;

/** Whether there may be any; reads names alone. */
export function hasRepeatables({ dirs, definitionDirs }: RepeatableFolders): boolean {
  return definitionDirs.length > 0 || dirs.some((dir) => namesIn(dir).some(isRepeatable));
}

/**
 * In the order of their names.
 *
 * @throws GodwitError GODWIT_DEFINITION_INVALID when two have one name, GODWIT_FOLDER_MISSING
 */
export function listRepeatables(folders: RepeatableFolders): RepeatableFile[] {
  const { root, dirs, definitionDirs } = folders;
  const found = [
    ...dirs.flatMap((dir) =>
      namesIn(dir)
        .filter(isRepeatable)
        .map((base) => place(root, dir, base)),
    ),
    ...definitionDirs.flatMap((dir) => below(root, dir)),
  ];
  const files = [...new Map(found.map((one) => [one.path, one])).values()];
  refuseDoubles(files);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function readRepeatable({ path, file }: RepeatableFile): string {
  return sourceFile(path, file).text();
}

function isRepeatable(base: string): boolean {
  return REPEATABLE.test(base);
}

function place(root: string, dir: string, base: string): RepeatableFile {
  const path = join(dir, base);
  return { name: REPEATABLE.exec(base)?.[1] ?? base, path, file: shown(root, path) };
}

function below(root: string, dir: string): RepeatableFile[] {
  if (!existsSync(dir)) {
    throw new GodwitError('GODWIT_FOLDER_MISSING', `There is no folder ${dir}.`, {
      where: { file: dir },
      state: 'Nothing was changed.',
      next: ['make it, or take it out of definitions in the config'],
    });
  }
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter(
      (one) => extname(one) === '.sql' && !one.split(sep).some((part) => part.startsWith('.')),
    )
    .map((one) => {
      const path = join(dir, one);
      const name = one.slice(0, -'.sql'.length).replaceAll(sep, '/');
      return { name: name.replace(/^R__/i, ''), path, file: shown(root, path) };
    });
}

function refuseDoubles(files: readonly RepeatableFile[]): void {
  const byName = new Map<string, RepeatableFile>();
  for (const one of files) {
    const other = byName.get(one.name);
    if (other) {
      throw new GodwitError(
        'GODWIT_DEFINITION_INVALID',
        `${other.file} and ${one.file} are both the definition ${one.name}.`,
        { where: { file: one.file }, state: 'Nothing was changed.', next: ['rename one of them'] },
      );
    }
    byName.set(one.name, one);
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function shown(root: string, path: string): string {
  return relative(root, path).replaceAll(sep, '/');
}
