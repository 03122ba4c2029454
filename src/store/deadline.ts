import { CoatcheckError, type Outcome } from '../errors.ts';
import type { Pulse } from './pulse.ts';

/** Beyond this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const NEXT_TURN: Promise<void> = Promise.resolve();

/**
 * How long one request may wait for its store, all calls together (R90). Only the time spent waiting counts, not the
 * handler's own; waits that overlap, or lie within one another, count once.
 *
 * @example
 * const budget = new Budget(2000);
 * const record = await budget.wait(store.read(key), 'read', 'none');
 */
export class Budget {
  readonly #ms: number;
  #spent = 0;
  #waiting = 0;
  #since = 0;

  /** @param ms the whole of it, in milliseconds */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Milliseconds that are left; zero or below when it is used up. */
  remaining(): number {
    const running = this.#waiting > 0 ? performance.now() - this.#since : 0;
    return this.#ms - this.#spent - running;
  }

  /**
   * Waits for a call that was made. A promise that settles after the budget has run out is let go in silence.
   *
   * @param verb the store's verb, for the message
   * @param outcome `'unknown'` where the call may write, `'none'` where it only reads
   * @param pulse hears of the answer, also of one that comes too late, and of a deadline that passed
   * @throws CoatcheckError `STORE_TIMEOUT`, not retryable, when the budget is used up first; else what the call threw
   */
  wait<T>(call: Promise<T>, verb: string, outcome: Outcome, pulse?: Pulse): Promise<T> {
    return new Promise<T>((resolve, reject) => this.watch(call, verb, outcome, pulse, resolve, reject));
  }

  /** The same for callbacks: with AsyncLocalStorage every promise counts twice. */
  watch<T>(
    call: Promise<T>,
    verb: string,
    outcome: Outcome,
    pulse: Pulse | undefined,
    answered: (value: T) => void,
    failed: (error: unknown) => void,
  ): void {
    const mark = this.telling ? pulse?.mark : undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const end = (): boolean => {
      if (over) return false;
      over = true;
      if (timer !== undefined) clearTimeout(timer);
      this.leave();
      return true;
    };
    this.enter();
    call.then(
      (value) => {
        pulse?.answered();
        if (end()) answered(value);
      },
      (error) => {
        pulse?.failed(error);
        if (end()) failed(error);
      },
    );
    const check = (): void => {
      if (over) return;
      const left = this.remaining();
      // A timer may come a little early, and another wait may have ended meanwhile.
      if (left > 0) timer = setTimeout(check, timerMs(left));
      else if (end()) {
        if (mark !== undefined) pulse?.missed(mark);
        failed(timeout(verb, outcome));
      }
    };
    // A store within the process has answered by the next microtask, and then needs no timer.
    NEXT_TURN.then(check);
  }

  /** Whether a wait that begins now is long enough to tell a slow store from a dead one. */
  get telling(): boolean {
    return this.remaining() * 2 >= this.#ms;
  }

  /** A wait begins; for those who do their waiting themselves. */
  enter(): void {
    if (this.#waiting++ === 0) this.#since = performance.now();
  }

  /** A wait is over. */
  leave(): void {
    if (--this.#waiting === 0) this.#spent += performance.now() - this.#since;
  }
}

/** How long a timer is to run for what is left. */
export function timerMs(left: number): number {
  return Math.min(Math.max(Math.ceil(left), 0), LONGEST_TIMER_MS);
}

/** The deadline came before the answer. */
export function timeout(verb: string, outcome: Outcome): CoatcheckError {
  const doubt = outcome === 'unknown' ? ' What it was to write may have been stored.' : '';
  return new CoatcheckError(
    'STORE_TIMEOUT',
    `The store did not answer '${verb}' within the request's deadline.${doubt} Look at the store, or raise the deadline.`,
    { outcome },
  );
}
