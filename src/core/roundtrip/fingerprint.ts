import { createHash } from 'node:crypto';
import type { Row } from '../../ports/rows.ts';

/** Rows whose keys fall into the same bucket are looked at together when it differs. */
const BUCKETS = 1024;

/**
 * What a table holds, whatever the order of its rows: a count, and for each bucket of keys
 * the sum of the rows' hashes. As large for a million rows as for one.
 */
export class Fingerprint {
  rows = 0;
  readonly #sums = new BigUint64Array(BUCKETS);
  readonly #counts = new Uint32Array(BUCKETS);

  add(row: Row): void {
    const bucket = bucketOf(row.key);
    this.rows += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    // The sum wraps at 64 bits, as a typed array does by itself.
    const print = hash(`${row.key.length} ${row.key}${row.text}`).readBigUInt64BE();
    this.#sums[bucket] = (this.#sums[bucket] ?? 0n) + print;
  }

  /** Buckets in which the rows of the two are not the same. */
  differing(other: Fingerprint): ReadonlySet<number> {
    const found = new Set<number>();
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const same =
        this.#sums[bucket] === other.#sums[bucket] &&
        this.#counts[bucket] === other.#counts[bucket];
      if (!same) found.add(bucket);
    }
    return found;
  }
}

export function bucketOf(key: string): number {
  return hash(key).readUInt16BE() % BUCKETS;
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
