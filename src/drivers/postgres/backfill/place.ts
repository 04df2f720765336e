import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type { Store } from '../store.ts';
import type { Pool } from './pool.ts';
import type { Tables } from './tables.ts';
import { readTarget, type Target } from './target.ts';

/** What all parts work with. */
export interface Place {
  readonly pool: Pool;
  readonly store: Store;
  readonly tables: Tables;
  /** The database lives in this process, and has no other one to serve. */
  readonly embedded: boolean;
  target(job: BackfillJob): Promise<Target>;
}

export function createPlace(pool: Pool, store: Store, tables: Tables, embedded: boolean): Place {
  const known = new Map<string, Promise<Target>>();
  return {
    pool,
    store,
    tables,
    embedded,
    target(job) {
      const id = JSON.stringify([job.target, job.key, job.order]);
      let found = known.get(id);
      if (!found) {
        found = readTarget(pool, tables.ledger, job);
        known.set(id, found);
        found.catch(() => known.delete(id));
      }
      return found;
    },
  };
}
