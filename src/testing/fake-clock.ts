import type { Clock } from '../clock.ts';
import { type Duration, durationMs } from '../duration.ts';

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** Goes on by a duration, such as `'30m'`; gives the new time. */
  tick(duration: Duration): number;
  /** Goes to a time in milliseconds since 1970, also backwards; gives it. */
  set(ms: number): number;
}

/**
 * Time for tests: no test needs to sleep until something expires.
 *
 * @param start milliseconds since 1970; by default the beginning of 2030
 * @throws CoatcheckError `OPTION_INVALID` from `tick` for what is no duration
 *
 * @example
 * const clock = fakeClock();
 * const sessions = createSessions({ clock });
 * clock.tick('31m');
 */
export function fakeClock(start: number = Date.UTC(2030, 0, 1)): FakeClock {
  let now = start;
  return {
    now: () => now,
    tick: (duration) => {
      now += durationMs(duration, 'tick');
      return now;
    },
    set: (ms) => {
      now = ms;
      return now;
    },
  };
}
