import type { Effect } from './methods.ts';

/** What was done to one collection. Absent is none. */
export interface CollectionCounts {
  inserted?: number;
  modified?: number;
  upserted?: number;
  deleted?: number;
  indexesCreated?: number;
  indexesDropped?: number;
  created?: number;
  dropped?: number;
  renamed?: number;
}

export type Counts = Record<string, CollectionCounts>;

/** What the driver's results have, of all methods and major versions. */
interface DriverResult {
  readonly insertedId?: unknown;
  readonly insertedCount?: number;
  readonly modifiedCount?: number;
  readonly upsertedCount?: number;
  readonly deletedCount?: number;
  readonly lastErrorObject?: { readonly n?: number; readonly upserted?: unknown };
}

/** Adds up what calls did, per collection. */
export class Tally {
  readonly #counts: Counts = {};
  /** Whether anything was written, or tried. */
  touched = false;

  get counts(): Counts | undefined {
    return Object.keys(this.#counts).length === 0 ? undefined : this.#counts;
  }

  add(name: string, effect: Effect, method: string, result: unknown): void {
    for (const [what, count] of Object.entries(countsOf(effect, method, result))) {
      if (!count) continue;
      this.#counts[name] ??= {};
      const counts = this.#counts[name];
      const field = what as keyof CollectionCounts;
      counts[field] = (counts[field] ?? 0) + count;
    }
  }
}

function countsOf(effect: Effect, method: string, result: unknown): CollectionCounts {
  const done = (typeof result === 'object' && result !== null ? result : {}) as DriverResult;
  switch (effect) {
    case 'insert':
      return { inserted: done.insertedCount ?? (done.insertedId === undefined ? 0 : 1) };
    case 'update':
    case 'delete':
    case 'bulk':
      return written(done);
    case 'find-and-modify':
      return foundAndModified(done, method, result);
    case 'create-index':
      return { indexesCreated: Array.isArray(result) ? result.length : 1 };
    case 'drop-index':
      return { indexesDropped: 1 };
    case 'create':
      return { created: 1 };
    case 'drop':
      return { dropped: 1 };
    case 'rename':
      return { renamed: 1 };
    default:
      return {};
  }
}

function written(done: DriverResult): CollectionCounts {
  return {
    inserted: done.insertedCount ?? 0,
    modified: done.modifiedCount ?? 0,
    upserted: done.upsertedCount ?? 0,
    deleted: done.deletedCount ?? 0,
  };
}

/** With `includeResultMetadata` (always in driver 5) it says how many; else found is done. */
function foundAndModified(done: DriverResult, method: string, result: unknown): CollectionCounts {
  const last = done.lastErrorObject;
  const count = last?.n ?? (result === null || result === undefined ? 0 : 1);
  if (method === 'findOneAndDelete') return { deleted: count };
  return last?.upserted === undefined ? { modified: count } : { upserted: count };
}
