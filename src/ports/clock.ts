/** Time, as a port: tests make it stand still. */
export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
}
