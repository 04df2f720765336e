const TRIAL_MS = 5_000;
const REST_MS = 30_000;
/** What one more lane must bring to be kept. */
const GAIN = 1.05;

/**
 * How many chunks to work on at once. A number that was asked for is kept, except that a
 * server in trouble gets fewer. Otherwise one more is tried now and then, and kept if more
 * rows a second came of it.
 */
export class LaneCount {
  readonly #max: number;
  readonly #fixed: boolean;
  #wanted: number;
  #slowed: number | undefined;
  #trial: { readonly since: number; readonly before: number } | undefined;
  #nextTrial: number | undefined;

  constructor(options: { readonly start: number; readonly max: number; readonly fixed: boolean }) {
    this.#max = options.max;
    this.#fixed = options.fixed;
    this.#wanted = options.start;
  }

  get current(): number {
    return Math.max(1, Math.min(this.#slowed ?? this.#wanted, this.#wanted));
  }

  /** What another terminal asked for; 0 leaves it to the measurement again. */
  ask(lanes: number): void {
    if (lanes > 0) this.#wanted = lanes;
  }

  /** Called about each two seconds. */
  note(now: number, rowsPerSecond: number, slow: boolean): void {
    if (slow) {
      this.#slowed = Math.max(1, Math.floor(this.current / 2));
      this.#trial = undefined;
      this.#nextTrial = now + REST_MS;
      return;
    }
    if (this.#slowed !== undefined) {
      this.#slowed = this.#slowed + 1 >= this.#wanted ? undefined : this.#slowed + 1;
      return;
    }
    if (!this.#fixed) this.#experiment(now, rowsPerSecond);
  }

  #experiment(now: number, rowsPerSecond: number): void {
    this.#nextTrial ??= now + 2 * TRIAL_MS;
    if (this.#trial === undefined) {
      if (now < this.#nextTrial || this.#wanted >= this.#max || rowsPerSecond <= 0) return;
      this.#trial = { since: now, before: rowsPerSecond };
      this.#wanted++;
      return;
    }
    // The speed is one of the last ten seconds, so the trial lasts that long.
    if (now - this.#trial.since < 2 * TRIAL_MS) return;
    if (rowsPerSecond < this.#trial.before * GAIN) {
      this.#wanted--;
      this.#nextTrial = now + REST_MS;
    } else this.#nextTrial = now;
    this.#trial = undefined;
  }
}
