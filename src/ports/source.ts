import type { Migration } from './migration.ts';

/** What is wrong with a folder, a file or a database, found without importing anything. */
export interface SourceProblem {
  readonly code:
    | 'GODWIT_VERSION_DUPLICATE'
    | 'GODWIT_FILE_NAME_INVALID'
    | 'GODWIT_FILE_UNREADABLE'
    | 'GODWIT_FILE_INVALID'
    | 'GODWIT_FOLDER_MISSING'
    | 'GODWIT_SQUASH_PARTIAL'
    | 'GODWIT_SQUASH_UNFINISHED'
    | 'GODWIT_RESET_UNFINISHED';
  readonly message: string;
  readonly files: readonly string[];
  readonly fix: string;
}

export interface SourceListing {
  /** In no particular order; core sorts. */
  readonly migrations: readonly Migration[];
  readonly problems: readonly SourceProblem[];
  /** Folders that were read, absolute, and when each had been changed last, in ms since 1970. */
  readonly folders?: ReadonlyMap<string, number> | undefined;
}

/** Where migrations come from: folders, or code. Listing imports nothing. */
export interface MigrationSource {
  list(): Promise<SourceListing>;
}
