const SPAN_MS = 10_000;

/** Rows a second over the last ten seconds, from counts that only grow. */
export class Speed {
  readonly #points: { readonly at: number; readonly rows: number }[] = [];

  note(rows: number, at: number): void {
    const newest = this.#points.at(-1);
    if (newest && rows < newest.rows) return;
    this.#points.push({ at, rows });
    // One point older than the span stays, so that the span is covered.
    while ((this.#points[1]?.at ?? Number.POSITIVE_INFINITY) <= at - SPAN_MS) this.#points.shift();
  }

  /** Forgets what was before a pause. */
  reset(): void {
    this.#points.length = 0;
  }

  get rowsPerSecond(): number {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (!first || !last || last.at <= first.at) return 0;
    return ((last.rows - first.rows) * 1000) / (last.at - first.at);
  }

  /** @returns ms, or undefined when nothing moves */
  eta(rowsLeft: number): number | undefined {
    const rate = this.rowsPerSecond;
    return rate > 0 ? Math.max(0, (rowsLeft / rate) * 1000) : undefined;
  }
}
