import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type { FolderState, SourceProblem } from '../ports/source.ts';
import { compileIgnore, isIgnoredFolder } from './ignore-pattern.ts';

export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
  readonly base: string;
}

export interface WalkOptions {
  readonly root: string;
  readonly dirs: readonly string[];
  readonly recursive: boolean;
  readonly ignore: readonly string[];
}

/** How the name of the file ends by which a squash says what it is about to do. */
export const SQUASH_INTENT = '.godwit-squash';

/** Every file below the folders, each once, sorted by path. Follows links, not cycles. */
export function walkFolders(options: WalkOptions): {
  files: FoundFile[];
  problems: SourceProblem[];
  folders: Map<string, FolderState>;
} {
  const files = new Map<string, FoundFile>();
  const problems: SourceProblem[] = [];
  const isIgnored = compileIgnore(options.ignore);
  const visited = new Set<string>();
  const folders = new Map<string, FolderState>();

  const visit = (folder: string, top: string): void => {
    const real = realpathSync(folder);
    if (visited.has(real)) return;
    visited.add(real);
    folders.set(folder, folderState(folder));
    // Both are normal already, so they need not be joined with care.
    const within = folder.endsWith(sep) ? folder : folder + sep;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${within}${entry.name}`;
      if (entry.name.startsWith('.')) {
        if (entry.name.endsWith(SQUASH_INTENT))
          problems.push(unfinishedSquash(projectPath(options.root, path)));
        continue;
      }
      const file = projectPath(options.root, path);
      if (options.ignore.length > 0 && isIgnored(entry.name, projectPath(top, path), file))
        continue;
      const type = typeOf(entry, path);
      if (type === 'folder') {
        if (options.recursive && !isIgnoredFolder(entry.name)) tryVisit(path, top, file);
      } else if (type === 'file') {
        files.set(path, { path, file, base: entry.name });
      }
    }
  };

  const tryVisit = (folder: string, top: string, shown: string): void => {
    try {
      visit(folder, top);
    } catch (error) {
      // It may be there, or readable, the next time.
      folders.set(folder, { id: '', changedAt: Number.POSITIVE_INFINITY });
      problems.push(folderProblem(shown, error));
    }
  };

  for (const dir of options.dirs) {
    const folder = resolve(options.root, dir);
    tryVisit(folder, folder, projectPath(options.root, folder) || '.');
  }
  const sorted = [...files.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files: sorted, problems, folders };
}

/** @throws what the file system says of it */
export function folderState(folder: string): FolderState {
  const { dev, ino, ctimeMs } = statSync(folder);
  // Not the time that a copy brings along: this one nobody can set.
  return { id: `${dev}:${ino}`, changedAt: ctimeMs };
}

/** Relative to the project, with `/` on every system. */
function projectPath(root: string, path: string): string {
  const below = path.startsWith(root + sep) ? path.slice(root.length + 1) : relative(root, path);
  return sep === '/' ? below : below.replaceAll(sep, '/');
}

/** A link that leads nowhere counts as a file, so that reading it reports it. */
function typeOf(entry: Dirent, path: string): 'file' | 'folder' | 'other' {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'other';
  const target = statSync(path, { throwIfNoEntry: false });
  if (!target) return 'file';
  return target.isDirectory() ? 'folder' : target.isFile() ? 'file' : 'other';
}

function unfinishedSquash(file: string): SourceProblem {
  return {
    code: 'GODWIT_SQUASH_UNFINISHED',
    message: `A squash was interrupted while it moved files (${file}).`,
    files: [file],
    fix: 'finish it: godwit squash',
  };
}

function folderProblem(folder: string, error: unknown): SourceProblem {
  const cause = error as NodeJS.ErrnoException;
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
    const what = cause.code === 'ENOENT' ? 'does not exist' : 'is not a folder';
    return {
      code: 'GODWIT_FOLDER_MISSING',
      message: `The migrations folder ${folder} ${what}.`,
      files: [folder],
      fix: `create it, name the right one with --dir or in the config, or run: godwit init`,
    };
  }
  return {
    code: 'GODWIT_FILE_UNREADABLE',
    message: `The folder ${folder} cannot be read: ${cause.message}`,
    files: [folder],
    fix: `give the user who runs godwit the right to read ${folder}`,
  };
}
