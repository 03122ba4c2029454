/** Where the time comes from. Injected, so that a test can move it; never read from a store or a client (R35). */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now`. */
  now(): number;
}

/** The machine's own time. */
export const systemClock: Clock = Date;
