/** Each bucket is this much wider than the one before: quantiles are right within 5 %. */
const STEP = Math.log(1.05);

/** Quantiles of any number of durations, in a few hundred numbers. */
export class Durations {
  readonly #buckets = new Map<number, number>();
  #count = 0;

  note(ms: number): void {
    const bucket = Math.round(Math.log(Math.max(ms, 0.01)) / STEP);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
  }

  add(others: Durations): void {
    for (const [bucket, count] of others.#buckets) {
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    }
    this.#count += others.#count;
  }

  /** @param part 0 to 1 @returns ms, 0 when there is nothing */
  quantile(part: number): number {
    let before = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      before += count;
      if (before >= part * this.#count) return round(Math.exp(bucket * STEP));
    }
    return 0;
  }
}

function round(ms: number): number {
  return ms < 10 ? Math.round(ms * 100) / 100 : Math.round(ms);
}
