import type { Migration } from '../../ports/migration.ts';
import type { SourceProblem } from '../../ports/source.ts';

/** A seed as it was found; its `kind` is `seed`. */
export interface Seed extends Migration {
  /** Too much for one transaction of a document database. */
  readonly large: boolean;
  /**
   * Ids, versions or names of seeds that must be there first. May import the file.
   * Throws what `load` throws.
   */
  dependencies(): Promise<readonly string[]>;
}

export interface SeedListing {
  /** Those of all environments first, then those of this one; each in its order. */
  readonly seeds: readonly Seed[];
  readonly problems: readonly SourceProblem[];
}
