import type { Emit } from '../events.ts';
import type { PublicIdColumn } from './checks.ts';

/** How a table's public ids are now. */
export interface PublicIdState {
  /** Schema as found, where the registry leaves it to the search path. */
  readonly schema?: string | undefined;
  readonly found: 'ready' | 'no-table' | 'no-column' | 'wrong-type' | 'not-a-table';
  /** Rows without an id, exact. */
  readonly missing: number;
  /** A valid index makes them unique. */
  readonly unique: boolean;
  /** The database refuses a row without one. */
  readonly required: boolean;
  /** The database refuses an id of another form. */
  readonly formed: boolean;
}

/**
 * What is done around the backfill; each can be done again after it was cut off.
 * `unique`: builds the unique index while the application goes on. `guard`: from now on no
 * new row without an id. `require`: looks at the old rows and makes it lasting. `form`: only
 * ids of the registry's form.
 */
export type PublicIdStep = 'unique' | 'guard' | 'require' | 'form';

export interface PublicIdReader {
  /** Steps this database has, in their order. */
  readonly steps: readonly PublicIdStep[];
  /** Reads only. */
  inspect(column: PublicIdColumn): Promise<PublicIdState>;
}

export interface PublicIdCall {
  readonly column: PublicIdColumn;
  /** Regular expression of the ids' form. */
  readonly pattern: string;
  /** Names of the index and the constraints. */
  readonly names: Readonly<Record<'unique' | 'format' | 'present', string>>;
  readonly lockTimeoutMs: number;
  readonly lockRetries: number;
  readonly emit: Emit;
  /** Ends the work: what is under way is given up. */
  readonly stop: AbortSignal;
}
