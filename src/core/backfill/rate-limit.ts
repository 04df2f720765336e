/**
 * Rows a second, as a bucket that may be overdrawn: how many rows a chunk has is known only
 * when it is done, so it is paid for afterwards, by waiting before the next one.
 */
export class RateLimit {
  #rate = 0;
  #balance = 0;
  #at = 0;

  /** @param rate rows a second; 0 is no limit */
  set(rate: number, now: number): void {
    if (rate === this.#rate) return;
    this.#settle(now);
    this.#rate = Math.max(0, rate);
    this.#balance = Math.min(this.#balance, 0);
  }

  spend(rows: number, now: number): void {
    this.#settle(now);
    if (this.#rate > 0) this.#balance -= rows;
  }

  /** How long to wait before the next chunk, in ms. */
  waitMs(now: number): number {
    this.#settle(now);
    if (this.#rate <= 0 || this.#balance >= 0) return 0;
    // Whole ms: what is left of one would be waited for without time passing.
    return Math.ceil((-this.#balance / this.#rate) * 1000);
  }

  /** How many rows a chunk may have, so that the limit is kept second by second. */
  largestChunk(): number {
    return this.#rate > 0 ? Math.max(1, Math.ceil(this.#rate)) : Number.POSITIVE_INFINITY;
  }

  #settle(now: number): void {
    const earned = ((now - this.#at) / 1000) * this.#rate;
    // Time that passed unused is not saved up for a burst.
    this.#balance = Math.min(0, this.#balance + earned);
    this.#at = now;
  }
}
