export interface ChunkLimits {
  /** Rows of the first chunk. */
  readonly start: number;
  readonly min: number;
  readonly max: number;
  /** How long a chunk should take, in ms. */
  readonly targetMs: number;
}

/** At most this much larger than the chunk before: a fast one may have been luck. */
const GROWTH = 1.2;
const REMEMBERED = 6;
/** A chunk that took this many times too long is answered at once. */
const FAR_TOO_LONG = 2;

/**
 * How many rows the next chunk should have, so that it takes the time it should: long
 * enough to be cheap, short enough to hold no lock for long and to be stopped soon.
 */
export class ChunkSize {
  readonly #limits: ChunkLimits;
  readonly #recent: { readonly rows: number; readonly ms: number }[] = [];
  #size: number;
  #asked: number | undefined;

  constructor(limits: ChunkLimits) {
    this.#limits = limits;
    this.#size = this.#clamp(limits.start);
  }

  get current(): number {
    return Math.round(Math.min(this.#size, this.#asked ?? this.#size));
  }

  /**
   * @param rows rows of the key space that the chunk covered, whether they matched or not
   * @param ms what it took
   */
  note(rows: number, ms: number): void {
    if (rows <= 0) return;
    this.#recent.push({ rows, ms: Math.max(ms, 0.1) });
    if (this.#recent.length > REMEMBERED) this.#recent.shift();
    const { targetMs } = this.#limits;
    // The last chunk of a table, and what conflicts left behind, say little of a full one.
    if (rows < this.#size / 2 && ms < targetMs) return;
    const total = this.#recent.reduce(
      (sum, one) => ({ rows: sum.rows + one.rows, ms: sum.ms + one.ms }),
      { rows: 0, ms: 0 },
    );
    const ideal = (targetMs * total.rows) / total.ms;
    let next = Math.min(ideal, this.#size * GROWTH);
    if (ms > targetMs * FAR_TOO_LONG) next = Math.min(next, (rows * targetMs) / ms);
    this.#size = this.#clamp(next);
  }

  /** Never more than was asked for from another terminal; as the definition says without. */
  ask(rows: number | undefined): void {
    this.#asked = rows !== undefined && rows > 0 ? rows : undefined;
  }

  /** After a time-out. */
  halve(): void {
    this.#recent.length = 0;
    this.#size = this.#clamp(this.#size / 2);
  }

  /** Never more than this many rows from now on, because they are large. */
  capAt(rows: number): void {
    if (rows < this.#size) this.#size = this.#clamp(rows);
  }

  #clamp(rows: number): number {
    return Math.max(this.#limits.min, Math.min(this.#limits.max, rows));
  }
}
