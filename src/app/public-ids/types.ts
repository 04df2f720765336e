import type { PublicIdTables, RegistryHolder } from '../../core/public-ids/registry.ts';
import type { ErrorInfo } from '../../errors.ts';
import type { BackfillControl } from '../../ports/backfill-ledger.ts';
import type { WriteOptions } from '../options.ts';

export interface PublicIdsOptions extends WriteOptions {
  /** What `defineIds` gives, or prefixes by table. Default: the config's `publicIds`. */
  readonly registry?: PublicIdTables | RegistryHolder | undefined;
  /** Only these tables of the registry; they must exist. Default: all that exist. */
  readonly tables?: readonly string[] | undefined;
  /** Look, and write nothing. */
  readonly dryRun?: boolean | undefined;
  /** Draw legacy cuids instead of cuid2. */
  readonly legacy?: boolean | undefined;
  /** Make the column NOT NULL once every row has an id. Default `true`; PostgreSQL. */
  readonly required?: boolean | undefined;
  /** Also let the database refuse ids of another form: a CHECK constraint, a validator. */
  readonly constraints?: boolean | undefined;
  /** Chunks at once. */
  readonly concurrency?: number | undefined;
  /** Rows at once. */
  readonly chunk?: number | undefined;
  readonly control?: BackfillControl | undefined;
  readonly windows?: readonly string[] | undefined;
}

export type PublicIdAction = 'unique-index' | 'backfill' | 'not-null' | 'constraint';

/** One table of `backfill public-ids --json`. */
export interface PublicIdsEntry {
  /** As the registry has it. */
  readonly table: string;
  readonly column: string;
  readonly prefix: string;
  /**
   * `absent`: there is no such table. `complete`: there was nothing to do. `planned`: with
   * `dryRun`. `waiting`: stopped, or failed, before its turn.
   */
  readonly status: 'absent' | 'complete' | 'planned' | 'done' | 'failed' | 'waiting';
  /** Rows without an id when it was looked at. */
  readonly missing: number;
  /** Rows that were given one. */
  readonly filled: number;
  /** Ids that were drawn again, because another row had them. */
  readonly collisions: number;
  /** What is, or with `dryRun` would be, done. */
  readonly actions: readonly PublicIdAction[];
  /** An id as it is drawn. */
  readonly example: string;
  readonly error?: ErrorInfo | undefined;
}

/** `backfill public-ids --json`. */
export interface PublicIdsReport {
  readonly tables: readonly PublicIdsEntry[];
  readonly summary: {
    readonly tables: number;
    readonly missing: number;
    readonly filled: number;
    readonly collisions: number;
    readonly absent: number;
  };
  readonly dryRun: boolean;
  readonly durationMs: number;
  readonly error?: ErrorInfo | undefined;
}
