import type { ChunkResult } from '../../../ports/backfill-job.ts';
import type { NativeKey } from './documents.ts';

/** What became of a chunk's rows. */
export interface Done extends Omit<ChunkResult, 'durationMs'> {
  /** Rows that wait for another chunk. */
  readonly conflicting: readonly NativeKey[];
}

export const NOTHING: Done = {
  rows: 0,
  changed: 0,
  deleted: 0,
  conflicts: 0,
  poisoned: 0,
  conflicting: [],
};
