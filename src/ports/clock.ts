/** Time, as a port: tests make it stand still. */
export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
}

/** Time that passes, and chance. */
export interface Timers extends Clock {
  /** The wall clock, for windows of time that people name. */
  date(): Date;
  /** Ends early, without throwing, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets everything else that waits have its turn. */
  breathe(): Promise<void>;
  /** From 0 to just under 1. */
  random(): number;
}
