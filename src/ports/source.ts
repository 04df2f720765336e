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
  /**
   * Folders that were read, by absolute path, as each was before. Undefined where more than
   * folders decides what is listed.
   */
  readonly folders?: ReadonlyMap<string, FolderState> | undefined;
}

export interface FolderState {
  /** Of the folder itself: a link may lead elsewhere by now. */
  readonly id: string;
  /** When something was added to it, or taken away, in ms since 1970. */
  readonly changedAt: number;
}

/** Where migrations come from: folders, or code. Listing imports nothing. */
export interface MigrationSource {
  list(): Promise<SourceListing>;
}
