import type { Kind, Migration } from '../ports/migration.ts';
import type { SourceProblem } from '../ports/source.ts';
import type { SourceFile } from './source-file.ts';

export type FormatName = 'godwit' | 'module' | 'class' | 'sql';

/** What a file holds of its migration. `main` holds all of it, or everything but companions. */
export type Role = 'main' | 'up' | 'down' | 'verify';

/** What a file's name says. */
export interface MigrationFileName {
  /** Without role and extension: `001_create_users`. */
  readonly stem: string;
  readonly version: string;
  readonly name: string;
  readonly role: Role;
  /** Lower case, with the dot: `.sql`. */
  readonly extension: string;
}

/** A file whose name is a migration's, with its contents at hand. */
export interface MigrationFile extends MigrationFileName {
  readonly source: SourceFile;
}

/** All files of one migration: one folder, one stem. */
export interface MigrationFiles {
  readonly main: MigrationFile;
  readonly down?: MigrationFile | undefined;
  readonly verify?: MigrationFile | undefined;
}

export interface ReadOptions {
  readonly kind: Kind;
  /** Replace `${name}` in SQL where the file does not say. */
  readonly variables: boolean;
}

export type ReadResult =
  | { readonly migration: Migration; readonly problem?: undefined }
  | { readonly problem: SourceProblem; readonly migration?: undefined };

/**
 * A file convention. `detect` and `read` are pure over the file's name and text; neither
 * may import the file. `read` is called only for a file that `detect` claimed, or that
 * the project's config gave to this format by name.
 */
export interface Format {
  readonly name: FormatName;
  /** Extensions of main files, lower case, with the dot. */
  readonly extensions: readonly string[];
  detect(file: MigrationFile): boolean;
  read(files: MigrationFiles, options: ReadOptions): ReadResult;
}

/** A problem of one file: `where: what`, in the shape that every listing reports. */
export function fileProblem(
  code: SourceProblem['code'],
  file: string,
  message: string,
  fix: string,
): { readonly problem: SourceProblem } {
  return { problem: { code, message: `${file}: ${message}`, files: [file], fix } };
}
